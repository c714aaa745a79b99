import type { StoredEvent } from "@callbridge/event-log";
import { cloudEventOf } from "@callbridge/service";
import { stringify } from "csv-stringify/sync";
import { mask } from "./masking.ts";
import { fit, oneLine, shortTime } from "./table.ts";

export const eventFormats = ["table", "json", "ndjson", "csv"] as const;
export type EventFormat = (typeof eventFormats)[number];

type Shown = { personal: boolean };

const csvColumns = [
  ...["position", "time", "recordedAt", "account", "type", "version", "stream", "source"],
  ...["id", "key", "correlationId", "causationId", "erased", "data", "personal"],
];

/**
 * CloudEvents 1.0, as on the bus, with what the bus does not carry: `recordedat`, `erased` where the stream's key was
 * destroyed, and the personal data as `data.personal`, masked unless asked for.
 */
export function toCloudEvent(event: StoredEvent, shown: Shown) {
  const personal = personalOf(event, shown);
  const { data, time, causationId, traceparent } = event;
  const envelope = cloudEventOf({
    ...event,
    time: time.toISOString(),
    causationId: causationId ?? undefined,
    traceparent: traceparent ?? undefined,
  });
  return {
    ...envelope,
    recordedat: event.recordedAt.toISOString(),
    ...(event.erased && { erased: true }),
    data: personal === undefined ? data : { ...asRecord(data), personal },
  };
}

export function toNdjson(events: readonly StoredEvent[], shown: Shown): string {
  return events.map((event) => `${JSON.stringify(toCloudEvent(event, shown))}\n`).join("");
}

export const csvHeader = `${csvColumns.join(",")}\n`;

/** Without the header. Cells that a spreadsheet would take for a formula are quoted away. */
export function toCsv(events: readonly StoredEvent[], shown: Shown): string {
  const rows = events.map((event) => {
    const { position, time, recordedAt, account, type, version, stream, source } = event;
    const { id, key, correlationId, causationId, erased, data } = event;
    const personal = personalOf(event, shown);
    return [
      ...[position, time.toISOString(), recordedAt.toISOString(), account, type, version, stream, source],
      ...[id, key, correlationId, causationId ?? "", erased ? "true" : "", JSON.stringify(data)],
      personal === undefined ? "" : JSON.stringify(personal),
    ];
  });
  return stringify(rows, { escape_formulas: true });
}

export const tableHeader = line(["position", "time", "type", "stream", "data"]);

export function toTableLine(event: StoredEvent, shown: Shown, width: number | undefined): string {
  const facts = { ...asRecord(event.data), ...asRecord(personalOf(event, shown)) };
  const data = Object.entries(facts).map(([name, value]) => `${name}=${short(value)}`);
  const cells = [String(event.position), shortTime(event.time), event.type, event.stream];
  return fit(line([...cells, [...data, ...(event.erased ? ["(erased)"] : [])].join(" ")]), width);
}

function personalOf({ personal }: StoredEvent, shown: Shown): unknown {
  return shown.personal ? personal : mask(personal);
}

/** Fixed widths, because with `--follow` nobody knows what comes. */
function line([position = "", time = "", type = "", stream = "", data = ""]: string[]): string {
  return oneLine(
    `${position.padStart(8)}  ${time.padEnd(20)}  ${type.padEnd(24)}  ${stream.padEnd(43)}  ${data}`,
  ).trimEnd();
}

const short = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};
