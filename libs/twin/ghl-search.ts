import { z } from "zod";
import { badRequest, strict } from "./ghl-answer.ts";
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
  if (searchAfter === undefined && page * pageLimit > pagedMax) {
    return badRequest(`Only the first ${pagedMax} records can be reached by page, use searchAfter`);
  }
  const wanted = query?.toLowerCase() ?? "";
  const hits = seen(world).filter(
    (contact) =>
      filters.every((one) => passes(contact, one)) &&
      (wanted === "" ||
        [fullName(contact), contact.email, contact.phone].some((text) => text?.toLowerCase().includes(wanted))),
  );
  const { field = "dateAdded", direction = "desc" } = sort[0] ?? {};
  const sign = direction === "asc" ? 1 : -1;
  const order = (a: SortKey, b: SortKey) => sign * compare(a[0], b[0]) || compare(a[1], b[1]);
  const keyed = hits.map((contact) => ({ contact, key: sortKey(contact, field) }));
  keyed.sort((a, b) => order(a.key, b.key));
  // A cursor is a place in the order and no contact: it holds whatever came and went since.
  const rest = searchAfter === undefined ? keyed : keyed.filter(({ key }) => order(key, cursorKey(searchAfter)) > 0);
  const start = searchAfter === undefined ? (page - 1) * pageLimit : 0;
  return ok({
    contacts: rest.slice(start, start + pageLimit).map(({ contact, key }) => searchHit(world, contact, key)),
    total: hits.length,
    traceId: traceId(),
  });
}

/** By page GHL reaches no further (facts/ghl.md §3.1). */
const pagedMax = 10_000;

/** What a contact is sorted by, instants as milliseconds, and its id, which parts equals. */
type SortKey = [string | number, string];

function sortKey(contact: GhlContact, field: string): SortKey {
  const value = fieldOf(contact, field);
  return [value instanceof Date ? value.getTime() : String(value ?? ""), contact.id];
}

const cursorKey = ([value = "", id = ""]: (string | number)[]): SortKey => [value, String(id)];

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
  const name = field.replace(/LowerCase$/, "");
  if (name === "contactName") return fullName(contact);
  const own: Record<string, unknown> = contact;
  return Object.hasOwn(own, name) ? own[name] : contact.details[name];
}

const compare = (a: string | number, b: string | number): number => {
  if (typeof a === "number" && typeof b === "number") return a - b;
  // By code unit: a locale's order is a hundred times slower, and the vendor's is not known.
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
};
