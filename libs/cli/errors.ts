/** What a person can do something about: its message says what. Ends with 1. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/** The command was not given as it is meant. Ends with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
