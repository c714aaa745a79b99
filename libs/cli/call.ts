import {
  explainCall,
  explainUnknown,
  type FoundCall,
  openReadModels,
  type ReadModels,
  renderExplanation,
  renderUnknown,
} from "@callbridge/read-models";
import type { Command } from "commander";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { withLog } from "./open-log.ts";
import { jsonOption, personalOption } from "./options.ts";
import { plural, print, printJson } from "./output.ts";
import { oneLine, shortTime, table } from "./table.ts";

type CallOptions = { all?: true; json?: true; personal?: true };

/** Enough to see whether webhooks arrive at all, and what becomes of them. */
const lastWebhooksMax = 10;

/** `callbridge call`: why is this call not in my CRM? */
export function registerCall(program: Command, deps: CliDeps): void {
  program
    .command("call")
    .argument("<call>", "an id that CloudTalk shows for it (a number or a uuid), or a phone number")
    .description("why a call is, or is not, in the CRM: its webhooks, facts and writes, and what happens next")
    .option("--all", "every call of the number in full, not only the newest")
    .addOption(jsonOption())
    .addOption(personalOption())
    .action((query: string, options: CallOptions) =>
      withLog(deps, async ({ log, keyring }) => {
        const readModels = openReadModels({ log, keyring });
        try {
          // Right also when nothing runs that keeps the tables fresh.
          await readModels.catchUp();
          await show(deps, readModels, query, options);
        } finally {
          await readModels.close();
        }
      }),
    );
}

async function show(deps: CliDeps, readModels: ReadModels, query: string, options: CallOptions): Promise<void> {
  const calls = await readModels.findCalls(query);
  const [newest, ...others] = calls;
  if (!newest) return nothingKnown(deps, readModels, query, options);
  const explained = [];
  for (const call of options.all ? calls : [newest]) {
    const history = await readModels.callHistory(call);
    explained.push(explainCall(history, { now: deps.clock(), personal: options.personal === true }));
  }
  if (options.json) return printJson(deps, { calls: explained, others: options.all ? [] : others });
  print(deps, explained.map((one) => text(renderExplanation(one))).join("\n\n"));
  if (others.length > 0 && !options.all) print(deps, `\n${olderCalls(others)}`);
}

function olderCalls(others: readonly FoundCall[]): string {
  const rows = others.map(({ callId, callUuid, subject, calledAt, direction, outcome, inCrm }) => [
    shortTime(calledAt),
    callId ?? callUuid ?? subject,
    direction ?? "",
    outcome ?? "",
    inCrm ? "yes" : "no",
  ]);
  return `${plural(others.length, "older call")} (--all explains them too):\n${table(["TIME", "CALL", "DIRECTION", "OUTCOME", "IN CRM"], rows)}`;
}

/** Fails, so that scripts can tell, but says all there is to say first. */
async function nothingKnown(
  deps: CliDeps,
  readModels: ReadModels,
  query: string,
  { json }: CallOptions,
): Promise<never> {
  const unknown = explainUnknown(query, await readModels.lastDeliveries(lastWebhooksMax));
  if (json) printJson(deps, { calls: [], ...unknown });
  else print(deps, text(renderUnknown(unknown)));
  throw new CliError("there is no such call");
}

/** Vendors' words may hold anything; here they are one line each. */
const text = (lines: readonly string[]) => lines.map(oneLine).join("\n");
