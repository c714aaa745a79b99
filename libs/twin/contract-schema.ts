import type { Amendment } from "./quirks.ts";
import { asRecord } from "./route.ts";

type Schema = Record<string, unknown>;

/** Finds what a `$ref` names: `#/…` in the same document, `other.json#/…` in one beside it. */
export type Lookup = (ref: string) => unknown;

/**
 * A schema of an OpenAPI document as plain JSON Schema: references inlined, `nullable` as a type, and closed, so that
 * a property the document does not know is an error unless a quirk allows it.
 */
export function contractSchema(node: unknown, lookup: Lookup, amendments: Amendment[]): Schema {
  const extra = listed(amendments, "extra");
  const nullable = listed(amendments, "nullable");
  const reshaped = listed(amendments, "reshaped");
  const loose = amendments.some(({ kind }) => kind === "loose-scalars");
  const also = amendments.filter((one) => one.kind === "also");
  const named = (names: string[], parent: string, name: string): boolean =>
    names.includes(name) || names.includes(`${parent}.${name}`);

  function plain(input: unknown, name: string, parent: string, closed: boolean): Schema {
    if (named(reshaped, parent, name)) return {};
    const source = asRecord(input);
    if (typeof source.$ref === "string") return plain(lookup(source.$ref), name, parent, closed);
    const schema: Schema = {};
    for (const keyword of ["enum", "const", "minimum", "maximum", "pattern", "format", "minItems", "maxItems"]) {
      if (source[keyword] !== undefined) schema[keyword] = source[keyword];
    }
    if (source.type !== undefined) schema.type = loose ? loosened(source.type) : source.type;
    if (loose) delete schema.format;
    for (const keyword of ["oneOf", "anyOf", "allOf"]) {
      const parts = source[keyword];
      // One schema of a transcription is also valid as the other, so that oneOf cannot hold (facts/openai.md §2).
      if (Array.isArray(parts))
        schema[keyword === "oneOf" ? "anyOf" : keyword] = parts.map((part) =>
          plain(part, name, parent, keyword !== "allOf"),
        );
    }
    if (source.items !== undefined) {
      const items = plain(source.items, name, parent, true);
      const more = also.filter(({ property }) => property === name).map((one) => one.schema);
      schema.items = more.length > 0 ? { anyOf: [items, ...more] } : items;
    }
    const properties = Object.entries(asRecord(source.properties)).map(([key, child]): [string, Schema] => [
      key,
      plain(child, key, name, true),
    ]);
    if (properties.length > 0) {
      const allowed = extra.map((one) => one.split(".")).filter((one) => one.length === 1 || one[0] === name);
      const more = allowed.map((one): [string, Schema] => [one.at(-1) ?? "", {}]);
      schema.type = "object";
      schema.properties = Object.fromEntries([...more, ...properties]);
      if (Array.isArray(source.required)) schema.required = source.required;
      if (closed) schema.additionalProperties = source.additionalProperties ?? false;
    }
    return source.nullable === true || named(nullable, parent, name) ? orNull(schema) : schema;
  }
  return plain(node, "", "", true);
}

const orNull = (schema: Schema): Schema => ({ anyOf: [{ type: "null" }, schema] });

const loosened = (type: unknown): unknown =>
  type === "integer" || type === "number" || type === "string" ? ["string", "number"] : type;

function listed(amendments: Amendment[], kind: "extra" | "nullable" | "reshaped"): string[] {
  return amendments.flatMap((one) => (one.kind === kind ? one.properties : []));
}
