import type { Explanation, WebhookLine } from "./explain-call.ts";
import type { UnknownExplanation } from "./explain-unknown.ts";
import { moment } from "./words.ts";
import { states } from "./writes.ts";

/** An explanation as lines of text. Times are UTC. */
export function renderExplanation({
  account,
  title,
  summary,
  webhooks,
  facts,
  writes,
  ...rest
}: Explanation): string[] {
  const { conclusion, waiting } = rest;
  return [
    `${title} · account ${account}`,
    summary,
    ...section("WEBHOOKS", webhookText(webhooks), "none of them is kept here"),
    ...section(
      "FACTS",
      facts.map(({ at, text }) => `${moment(at)}  ${text}`),
      "none",
    ),
    ...section(
      "WRITES",
      writes.flatMap(({ title: name, state, steps }) => [
        `${name}: ${states[state]}`,
        ...steps.map(({ at, text }) => `  ${moment(at)}  ${text}`),
      ]),
      "none was intended",
    ),
    ...section("NEXT", [
      ...conclusion.sentences,
      ...waiting.map(({ at, text, redrive }) =>
        at === undefined ? `given up  ${text}; ${redrive}` : `${moment(at)}  ${text}`,
      ),
    ]),
  ];
}

export function renderUnknown({ sentences, lastWebhooks }: UnknownExplanation): string[] {
  return [...sentences, ...section("LAST WEBHOOKS", webhookText(lastWebhooks), "none")];
}

function webhookText(webhooks: readonly WebhookLine[]): string[] {
  return webhooks.map(
    ({ at, webhook, verdict, because }) => `${moment(at)}  ${webhook}: ${verdict}${because ? ` (${because})` : ""}`,
  );
}

function section(title: string, lines: readonly string[], otherwise = ""): string[] {
  return ["", title, ...(lines.length > 0 ? lines : [otherwise]).map((line) => `  ${line}`)];
}
