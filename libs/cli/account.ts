import { type Account, accountsOf, type InstallationConfig } from "@callbridge/service";
import { CliError } from "./errors.ts";

/** An account of this installation, by its name. */
export function accountNamed(name: string, config: InstallationConfig): Account {
  const accounts = accountsOf(config);
  const found = accounts.find((account) => account.name === name);
  if (found) return found;
  const names = accounts.map((account) => account.name).join(", ");
  throw new CliError(`There is no account ${name} here. There are: ${names}.`);
}
