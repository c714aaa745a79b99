import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { syncSettings } from "./sync-settings.ts";

const milliseconds = (byDefault: number) => z.number().int().nonnegative().default(byDefault);

/** What is neither an address nor a secret: `CONFIG_FILE`, YAML, every value with a default. */
const schema = z.strictObject({
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
});

export type Settings = z.output<typeof schema>;

/** Stops the boot: says everything that is wrong at once, and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export function readSettings(file: string | undefined): Settings {
  if (file === undefined) return schema.parse({});
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8")) ?? {};
  } catch (cause) {
    // Only the first line: the rest of a YAML error quotes the file.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    throw new ConfigError(`CONFIG_FILE: ${file} cannot be read as YAML (${reason})`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`CONFIG_FILE: ${file} is not right:\n${z.prettifyError(parsed.error)}`);
}
