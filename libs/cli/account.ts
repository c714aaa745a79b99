import { type Account, accountsOf, type InstallationConfig, readRuntimeFile } from "@callbridge/service";
import { CliError, UsageError } from "./errors.ts";

/** An account of this installation, by its name. */
export function accountNamed(name: string, config: InstallationConfig): Account {
  const accounts = accountsOf(config);
  const found = accounts.find((account) => account.name === name);
  if (found) return found;
  const names = accounts.map((account) => account.name).join(", ");
  throw new CliError(`There is no account ${name} here. There are: ${names}.`);
}

/** Whom a command is about: the account that it names, the twin's while that runs here, else `default` or the only one. */
export function nameOfAccount(named: string | undefined, config: InstallationConfig): string {
  if (named !== undefined) return named;
  if (readRuntimeFile(config.DATA_DIR)?.twinUrl) return "demo";
  const names = accountsOf(config).map(({ name }) => name);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  if (names.includes("default")) return "default";
  throw new UsageError(`Say which account with --account: ${names.join(", ")}.`);
}
