import { type Conversation, turnOf } from "./conversation.ts";
import {
  demoChoices,
  demoCounts,
  demoNumbers,
  demoQuotes,
  demoStrings,
  judgementOf,
  plainStrings,
} from "./demo-answers.ts";
import { alternatives, type JsonSchema, resolve, typesOf } from "./json-schema.ts";
import { asRecord } from "./route.ts";

/** Where a value stands: the names of the properties above it (without array positions), and which item of a list. */
type Place = { names: string[]; item: number; listId: string | undefined };

/**
 * An object that validates against `root`, filled like a good answer about the conversation: known property names get
 * what is true of the sample call, quotes fall in the turn they name, ids come from the rubric in the prompt.
 */
export function answerFor(root: JsonSchema, conversation: Conversation): unknown {
  return value(root, root, { names: [], item: 0, listId: undefined }, conversation);
}

function value(root: JsonSchema, node: unknown, place: Place, about: Conversation): unknown {
  const schema = resolve(root, node);
  if (schema.const !== undefined) return schema.const;
  const options = alternatives(schema);
  if (options !== undefined) {
    const nullable = options.some((option) => typesOf(resolve(root, option)).includes("null"));
    const real = options.find((option) => !typesOf(resolve(root, option)).includes("null"));
    return real === undefined || (nullable && unsaid(place, about)) ? null : value(root, real, place, about);
  }
  const types = typesOf(schema);
  const allowed = Array.isArray(schema.enum) ? schema.enum : undefined;
  const mayBeNull = types.includes("null") && (allowed === undefined || allowed.includes(null));
  if (mayBeNull && (types.length === 1 || unsaid(place, about))) return null;
  if (allowed !== undefined) return choice(allowed, place, about);
  switch (types.find((type) => type !== "null")) {
    case "object":
      return object(root, schema, place, about);
    case "array":
      return list(root, schema, place, about);
    case "boolean":
      return about.isSample || !["analysable", "agreed", "applicable"].includes(place.names.at(-1) ?? "");
    case "integer":
    case "number":
      return number(schema, place, about);
    default:
      return text(schema, place, about);
  }
}

function object(root: JsonSchema, schema: JsonSchema, place: Place, about: Conversation): unknown {
  const properties = asRecord(schema.properties);
  return Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [
      name,
      value(root, child, { ...place, names: [...place.names, name] }, about),
    ]),
  );
}

function list(root: JsonSchema, schema: JsonSchema, place: Place, about: Conversation): unknown[] {
  const name = place.names.at(-1) ?? "";
  const ids = judged(name) ? judgedIds(root, schema, name, about) : [];
  const wanted = name === "evidence" ? (quote(place, about) === "" ? 0 : 1) : ids.length || usual(name, about);
  const count = Math.max(bound(schema.minItems, 0), Math.min(bound(schema.maxItems, 1000), wanted));
  // A list inside an item keeps the item's number, so that the evidence of criterion 2 is that of criterion 2.
  return Array.from({ length: count }, (_, i) =>
    value(
      root,
      schema.items,
      { ...place, item: name === "evidence" ? place.item : i, listId: ids[i] ?? place.listId },
      about,
    ),
  );
}

/** Lists with one entry per thing that the instructions ask to judge. */
const judged = (name: string): boolean => /criteria|complian|scorecard/i.test(name);

/** The ids the schema itself allows, else those of the rubric in the prompt, else those the twin has a judgement on. */
function judgedIds(root: JsonSchema, schema: JsonSchema, name: string, about: Conversation): string[] {
  const { id } = asRecord(resolve(root, schema.items).properties);
  const allowed = resolve(root, id).enum;
  if (Array.isArray(allowed)) return allowed.map(String);
  const asked = /complian/i.test(name) ? about.complianceIds : about.criterionIds;
  return asked.length > 0 || /complian/i.test(name) ? asked : ["greeting", "empathy", "objection_handling"];
}

const usual = (name: string, about: Conversation): number => (about.isSample ? (demoCounts[name] ?? 1) : 0);

function number(schema: JsonSchema, place: Place, about: Conversation): number {
  const name = place.names.at(-1) ?? "";
  const judgement = name === "score" ? judgementOf(place.listId)?.score : undefined;
  const demo = about.isSample ? (judgement ?? pick(qualified(demoNumbers, place.names), place.item)) : undefined;
  const known = name === "turn" ? turnOf(about, quote(place, about)) : demo;
  const whole = typesOf(schema).includes("integer");
  const low = Math.max(bound(schema.minimum, -1e15), above(schema.exclusiveMinimum, -1e15, whole));
  const high = Math.min(bound(schema.maximum, 1e15), -above(negated(schema.exclusiveMaximum), -1e15, whole));
  return Math.min(high, Math.max(low, known ?? 0));
}

/** The least allowed value beyond an exclusive bound; a thousandth will do for fractions. */
const above = (keyword: unknown, otherwise: number, whole: boolean): number =>
  typeof keyword === "number" ? keyword + (whole ? 1 : 0.001) : otherwise;

const negated = (keyword: unknown): unknown => (typeof keyword === "number" ? -keyword : undefined);

function text(schema: JsonSchema, place: Place, about: Conversation): string {
  return words(place, about)
    .padEnd(bound(schema.minLength, 0), ".")
    .slice(0, bound(schema.maxLength, Number.POSITIVE_INFINITY));
}

function words(place: Place, about: Conversation): string {
  const name = place.names.at(-1) ?? "";
  if (name === "quote") return quote(place, about);
  if (name === "id") return place.listId ?? `item_${place.item + 1}`;
  if (name === "criterionId") return weakest(about);
  return sentence(place, about) ?? plainStrings[name] ?? "Not known.";
}

/** What is known under this name: the judgement on the entry's own id first. */
function sentence(place: Place, about: Conversation): string | undefined {
  if (!about.isSample) return undefined;
  const name = place.names.at(-1) ?? "";
  const judgement = judgementOf(place.listId);
  if (judgement !== undefined && ["rationale", "explanation", "comment"].includes(name)) return judgement.rationale;
  if (judgement !== undefined && name === "status") return judgement.status;
  return pick(qualified(demoStrings, place.names), place.item);
}

/** The criterion of the rubric that went worst in the sample call: what coaching is about. */
function weakest(about: Conversation): string {
  const scored = about.criterionIds.map((id) => ({ id, score: judgementOf(id)?.score ?? 5 }));
  return scored.sort((a, b) => a.score - b.score)[0]?.id ?? "objection_handling";
}

/** A quote from the entry it belongs to; of an unknown call, its first words as they stand in the prompt. */
function quote(place: Place, about: Conversation): string {
  if (!about.isSample) return about.lines[0]?.text.split(" ").slice(0, 8).join(" ") ?? "";
  if (place.names.some(judged)) return judgementOf(place.listId)?.quote ?? "";
  const owner = place.names.findLast((name) => demoQuotes[name] !== undefined);
  return pick(demoQuotes[owner ?? "drivers"], place.item) ?? "";
}

function choice(options: unknown[], place: Place, about: Conversation): unknown {
  const plain = plainStrings[place.names.at(-1) ?? ""];
  const fitting = about.isSample ? (demoChoices[place.names.at(-1) ?? ""] ?? []) : [];
  const wanted = [place.listId, ...fitting, sentence(place, about), plain, "neutral", "other"];
  const coached = place.names.at(-1) === "criterionId" ? weakest(about) : undefined;
  return [coached, ...wanted].find((one) => one !== undefined && options.includes(one)) ?? options[0] ?? null;
}

/** A nullable value stays null where nothing is known. */
const unsaid = (place: Place, about: Conversation): boolean =>
  !about.isSample ||
  (sentence(place, about) === undefined &&
    judgementOf(place.listId) === undefined &&
    qualified(demoNumbers, place.names) === undefined);

/** The entry of `criteria.score` before that of `score`. */
function qualified<T>(table: Record<string, T>, names: string[]): T | undefined {
  const name = names.at(-1) ?? "";
  for (const parent of names.slice(0, -1).reverse()) {
    const found = table[`${parent}.${name}`];
    if (found !== undefined) return found;
  }
  return table[name];
}

/** The item's own entry; a single entry serves every item, a list that has run out serves none. */
function pick<T extends string | number>(entry: T | T[] | undefined, item: number): T | undefined {
  return Array.isArray(entry) ? entry[item] : entry;
}

const bound = (keyword: unknown, otherwise: number): number => (typeof keyword === "number" ? keyword : otherwise);
