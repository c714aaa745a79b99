import { ConfigError } from "./settings.ts";

/** PostgreSQL's classes "invalid authorization" and "invalid catalog name": it answers, and waiting cannot help. */
const refusals = /^(28|3D)/;

export class UnusableDatabase extends ConfigError {
  /** The server is there and lets us in under no circumstances: user, password or database name are wrong. */
  readonly isRefusal: boolean;
  constructor(message: string, isRefusal: boolean, options: ErrorOptions) {
    super(message, options);
    this.isRefusal = isRefusal;
  }
}

/** What a database that cannot be asked means for the person who starts us. Never quotes the password. */
export function unusableDatabase(cause: unknown, url: string): UnusableDatabase {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  // An address with several hosts behind it fails with an error that has a code and no message.
  const because = (cause instanceof Error ? cause.message : String(cause)) || code;
  const message =
    `DATABASE_URL: the database at ${hostOf(url)} cannot be used: ${because}. ` +
    "Check that PostgreSQL runs there, and the user, password and database name in it.";
  return new UnusableDatabase(message, refusals.test(code), { cause });
}

const hostOf = (url: string) => (URL.canParse(url) && new URL(url).host) || "its address";
