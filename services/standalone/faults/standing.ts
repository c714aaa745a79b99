/** Rows of `due` that never end: the timers of the sweeps. Whatever else is left over waits for something. */
export const isStanding = ({ key }: { key: string }) => /^(reconcile|contact-sweep|contact-crawl)\//.test(key);
