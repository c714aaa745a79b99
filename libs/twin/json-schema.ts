import { asRecord } from "./route.ts";

/** A JSON schema as it arrives: an open record whose known keywords are read with care. */
export type JsonSchema = Record<string, unknown>;

/** The schema a node stands for, following local `$ref`s. */
export function resolve(root: JsonSchema, node: unknown): JsonSchema {
  const schema = asRecord(node);
  const ref = schema.$ref;
  if (typeof ref !== "string") return schema;
  let target: unknown = root;
  for (const part of ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter((one) => one !== "")) {
    target = asRecord(target)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return asRecord(target);
}

export const alternatives = (schema: JsonSchema): unknown[] | undefined => {
  const list = schema.anyOf ?? schema.oneOf;
  return Array.isArray(list) ? list : undefined;
};

/** The types a node allows; guessed from its keywords where none is named. */
export function typesOf(schema: JsonSchema): string[] {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.map(String);
  if (schema.properties !== undefined) return ["object"];
  return schema.items === undefined ? ["string"] : ["array"];
}

const refusedKeywords = [
  "oneOf",
  "allOf",
  "not",
  "if",
  "prefixItems",
  "patternProperties",
  "propertyNames",
  "uniqueItems",
];

/** Why OpenAI would refuse the schema in strict mode, or undefined (facts/openai.md §1.3). */
export function strictProblem(root: JsonSchema, node: unknown = root, path: string[] = []): string | undefined {
  const schema = asRecord(node);
  const at = `In context=(${path.map((part) => `'${part}'`).join(", ")})`;
  if (schema.$ref !== undefined) return undefined;
  const refused = refusedKeywords.find((keyword) => schema[keyword] !== undefined);
  if (refused !== undefined) return `${at}, '${refused}' is not permitted.`;
  if (path.length === 0 && (alternatives(schema) !== undefined || !typesOf(schema).includes("object"))) {
    return "schema must be a JSON Schema of 'type: \"object\"', got something else at the root.";
  }
  const properties = asRecord(schema.properties);
  if (typesOf(schema).includes("object") && alternatives(schema) === undefined) {
    if (schema.additionalProperties !== false) {
      return `${at}, 'additionalProperties' is required to be supplied and to be false.`;
    }
    const required = Array.isArray(schema.required) ? schema.required : [];
    const optional = Object.keys(properties).find((name) => !required.includes(name));
    if (optional !== undefined) {
      return `${at}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${optional}'.`;
    }
  }
  const children: [string[], unknown][] = [
    ...Object.entries(properties).map(([name, child]): [string[], unknown] => [["properties", name], child]),
    ...(alternatives(schema) ?? []).map((child, i): [string[], unknown] => [["anyOf", String(i)], child]),
    ...Object.entries(asRecord(schema.$defs)).map(([name, child]): [string[], unknown] => [["$defs", name], child]),
    ...(schema.items === undefined ? [] : [[["items"], schema.items] satisfies [string[], unknown]]),
  ];
  for (const [steps, child] of children) {
    const problem = strictProblem(root, child, [...path, ...steps]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
