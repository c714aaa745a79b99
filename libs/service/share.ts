/** With many accounts even one slow reaction would hold up all others of its account. */
const shareMin = 2;

/**
 * How many of a service's reactions one account may have running at once: an equal part of `all`, so that no account,
 * however busy or however slow its vendor, takes the part of another. An account that is alone has everything.
 */
export function shareOf(all: number, accounts: number): number {
  return Math.max(shareMin, Math.floor(all / Math.max(accounts, 1)));
}
