import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { accountEntries, checkNames, isObject, splitAccount, type Variables, withSecrets } from "./account-section.ts";
import { mappingSections } from "./mapping-settings.ts";
import { syncSettings } from "./sync-settings.ts";

const milliseconds = (byDefault: number) => z.number().int().nonnegative().default(byDefault);

/** What is neither an address nor a secret, every value with a default. An account may have values of its own. */
const sections = z.strictObject({
  timing: z
    .strictObject({
      /** How long the first note of a call waits for its analysis; mostly that takes a minute. */
      noteDelayMs: milliseconds(180_000),
      /** After this long without both of its ids a call is taken as it is. */
      identifyDeadlineMs: milliseconds(600_000),
      /** How long to wait for the other webhook of a call (it mostly brings the missing id) before the history is asked. */
      otherWebhookMs: milliseconds(20_000),
      /** How long the call centre's analytics mostly need after a call: asked earlier, they only cost an operation. */
      detailsAfterMs: milliseconds(2_000),
      /** How long a vendor may take to apply a write whose answer was lost, before it is read back. */
      settleMs: milliseconds(15_000),
      /** How often the vendor's call history is compared with the log. */
      sweepEveryMs: milliseconds(900_000),
      /** How far back a sweep looks: longer than any outage that nobody noticed. */
      sweepWindowMs: milliseconds(6 * 3_600_000),
      /** How long webhooks may take before a sweep believes that they are lost. */
      sweepGraceMs: milliseconds(600_000),
      /** How long the CRM's search index may lag behind; no contact is created before. */
      indexLagMs: milliseconds(5_000),
    })
    .prefault({}),
  sync: syncSettings,
  ...mappingSections,
});

export type Settings = z.output<typeof sections>;

/** `CONFIG_FILE`: YAML with settings, and accounts beside the one that the environment makes. */
const schema = sections.extend({
  accounts: z.record(z.string(), sections.extend(accountEntries)).superRefine(checkNames).default({}),
});
export type ConfigFile = {
  settings: Settings;
  /** `variables` are those that the account has of its own, under the environment's names. */
  accounts: { name: string; variables: Variables; settings: Settings }[];
  /** Secrets that the file takes from the environment, which has none of this name. */
  unset: string[];
};

/** Stops the boot: says everything that is wrong at once, and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Settings from the content of a file; throws zod's error. Without content: the defaults. */
export const settingsOf = (content: unknown = {}): Settings => sections.parse(content);

/**
 * Reads `CONFIG_FILE`. `${NAME}` in an account stands for a variable of `environment`; what an account does not say of the
 * settings is as the file has it for all. Throws `ConfigError` that names every problem.
 */
export function readConfigFile(file: string | undefined, environment: Variables): ConfigFile {
  const content = file === undefined ? {} : contentOf(file);
  const { accounts: given, ...common } = isObject(content) ? content : {};
  const { filled, unset } = withSecrets(given ?? {}, environment);
  const accounts = isObject(filled) ? eachWith(common, filled) : filled;
  const parsed = schema.safeParse(isObject(content) ? { ...common, accounts } : content);
  if (!parsed.success) {
    const because = [z.prettifyError(parsed.error), ...unset].join("\n");
    throw new ConfigError(`CONFIG_FILE: ${file} is not right:\n${because}`);
  }
  const { accounts: read, ...settings } = parsed.data;
  const named = Object.entries(read).map(([name, entries]) => ({ name, ...splitAccount(entries) }));
  return { settings, accounts: named, unset };
}

/** Every account with the common settings under its own. */
function eachWith(common: Record<string, unknown>, accounts: Record<string, unknown>): Record<string, unknown> {
  const over = (own: unknown, shared: unknown) =>
    isObject(own) && isObject(shared) ? { ...shared, ...own } : (own ?? shared);
  return Object.fromEntries(
    Object.entries(accounts).map(([name, account]) => {
      if (!isObject(account)) return [name, account];
      const sectionsOfIt = Object.keys(sections.shape).map((key) => [key, over(account[key], common[key])] as const);
      return [name, { ...account, ...Object.fromEntries(sectionsOfIt.filter(([, value]) => value !== undefined)) }];
    }),
  );
}

function contentOf(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8")) ?? {};
  } catch (cause) {
    // Only the first line: the rest of a YAML error quotes the file.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new ConfigError(`CONFIG_FILE: ${file} cannot be read as YAML (${reason})`, { cause });
  }
}
