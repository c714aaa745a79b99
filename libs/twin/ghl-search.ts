import { z } from "zod";
import { strict } from "./ghl-answer.ts";
import { fullName, searchHit } from "./ghl-contact-view.ts";
import type { GhlContact } from "./ghl-state.ts";
import { type Answer, ok, type Route } from "./route.ts";
import { after, traceId, type World } from "./world.ts";

const rule = z.object({
  field: z.string(),
  operator: z.enum(["eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"]),
  value: z.unknown().optional(),
});
type Rule = z.infer<typeof rule>;
type Filter = Rule | { group: "AND" | "OR"; filters: Filter[] };
const filter: z.ZodType<Filter> = z.union([
  rule,
  z.object({ group: z.enum(["AND", "OR"]), filters: z.lazy(() => z.array(filter)) }),
]);

const searchBody = z.strictObject({
  locationId: z.string(),
  pageLimit: z.number().int().min(1).max(500),
  page: z.number().int().min(1).optional(),
  searchAfter: z.array(z.union([z.string(), z.number()])).optional(),
  query: z.string().max(75).optional(),
  filters: z.array(filter).optional(),
  sort: z.array(z.object({ field: z.string(), direction: z.enum(["asc", "desc"]) })).optional(),
});

/** `POST /contacts/search`: top-level filters are AND; the index lags by `searchLagMs` (facts/ghl.md §3.1). */
export function ghlSearchRoutes(world: World): Route[] {
  return [
    {
      vendor: "ghl",
      operation: "contacts.search",
      method: "POST",
      path: "/contacts/search",
      handle: ({ body }) => search(world, body),
    },
  ];
}

function search(world: World, body: unknown): Answer {
  const read = strict(searchBody, body);
  if ("refusal" in read) return read.refusal;
  const { filters = [], query, sort = [], pageLimit, page = 1, searchAfter } = read.input;
  const wanted = query?.toLowerCase() ?? "";
  const hits = seen(world).filter(
    (contact) =>
      filters.every((one) => passes(contact, one)) &&
      (wanted === "" ||
        [fullName(contact), contact.email, contact.phone].some((text) => text?.toLowerCase().includes(wanted))),
  );
  const { field = "dateAdded", direction = "desc" } = sort[0] ?? {};
  hits.sort(
    (a, b) =>
      (direction === "asc" ? 1 : -1) * compare(fieldOf(a, field), fieldOf(b, field)) || a.id.localeCompare(b.id),
  );
  const start =
    searchAfter === undefined ? (page - 1) * pageLimit : hits.findIndex(({ id }) => id === searchAfter[1]) + 1;
  return ok({
    contacts: hits.slice(start, start + pageLimit).map((contact) => searchHit(world, contact)),
    total: hits.length,
    traceId: traceId(),
  });
}

/** What the index knows by now: of each contact the last version that is old enough. */
function seen(world: World): GhlContact[] {
  const now = world.now();
  const lag = world.settings.searchLagMs;
  return [...world.state.ghl.indexed.values()].flatMap((history) => {
    const last = history.findLast(({ at }) => after(at, lag) <= now);
    return last?.contact ? [last.contact] : [];
  });
}

function passes(contact: GhlContact, one: Filter): boolean {
  if ("group" in one) {
    return one.group === "OR"
      ? one.filters.some((inner) => passes(contact, inner))
      : one.filters.every((inner) => passes(contact, inner));
  }
  const actual = fieldOf(contact, one.field);
  const list = (Array.isArray(actual) ? actual : [actual]).map((value) => String(value ?? "").toLowerCase());
  const wanted = (Array.isArray(one.value) ? one.value : [one.value]).map((value) => String(value ?? "").toLowerCase());
  const equal = list.some((value) => wanted.includes(value));
  const holds = list.some((value) => wanted.some((part) => value.includes(part)));
  switch (one.operator) {
    case "eq":
      return equal;
    case "not_eq":
      return !equal;
    case "contains":
      return holds;
    case "not_contains":
      return !holds;
    case "exists":
      return list.some((value) => value !== "");
    case "not_exists":
      return list.every((value) => value === "");
    case "range":
      return inRange(actual, one.value);
  }
}

const rangeValue = z.object({ gt: z.unknown(), gte: z.unknown(), lt: z.unknown(), lte: z.unknown() }).partial();

function inRange(actual: unknown, value: unknown): boolean {
  const range = rangeValue.safeParse(value).data ?? {};
  const number = asNumber(actual);
  return (
    (range.gt === undefined || number > asNumber(range.gt)) &&
    (range.gte === undefined || number >= asNumber(range.gte)) &&
    (range.lt === undefined || number < asNumber(range.lt)) &&
    (range.lte === undefined || number <= asNumber(range.lte))
  );
}

const asNumber = (value: unknown): number =>
  value instanceof Date ? value.getTime() : typeof value === "number" ? value : Date.parse(String(value));

function fieldOf(contact: GhlContact, field: string): unknown {
  if (field.startsWith("customFields.")) {
    return contact.customFields.find(({ id }) => id === field.slice("customFields.".length))?.value;
  }
  const own: Record<string, unknown> = { ...contact.details, ...contact, contactName: fullName(contact) };
  return own[field.replace(/LowerCase$/, "")];
}

const compare = (a: unknown, b: unknown): number =>
  a instanceof Date && b instanceof Date ? a.getTime() - b.getTime() : String(a ?? "").localeCompare(String(b ?? ""));
