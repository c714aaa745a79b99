import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { contractSchema, type Lookup } from "./contract-schema.ts";
import { type Stop, tour } from "./contract-tour.ts";
import { twinCredentials } from "./credentials.ts";
import { type Quirk, quirks } from "./quirks.ts";
import { asRecord, type Vendor } from "./route.ts";
import { twinRoutes } from "./routes.ts";
import { mergeSettings } from "./settings.ts";
import { emptyState } from "./state.ts";
import { startTwin } from "./twin.ts";

const contracts = resolve(import.meta.dirname, "../../..", "shared", "contracts");
const present = existsSync(contracts);

const world = {
  state: emptyState(),
  settings: mergeSettings({}, {}),
  credentials: twinCredentials(),
  now: () => new Date(),
  url: () => "",
  changed: () => {},
};
const operations = twinRoutes(world).map(({ operation, vendor }) => operation + vendor);

describe("the vendors' contracts", () => {
  if (!present) process.stderr.write(`not checked: no vendor documents at ${contracts}\n`);

  it("are kept by every answer of a tour of all routes, but for the listed quirks", async () => {
    if (!present) return;
    const twin = await startTwin({
      settings: {
        analyticsReadyMs: 0,
        intelligenceReadyMs: 0,
        searchLagMs: 0,
        cloudtalkOperationsMax: 1000,
        ghlRequestsMax: 1000,
      },
    });
    const stops = await tour(twin);
    const toured = new Set(twin.control.requestLog().map(({ vendor, operation }) => operation + vendor));
    const kinds = twin.control.requestLog().map(({ vendor }) => vendor);
    await twin.close();
    const used = new Set<Quirk>();
    const problems = stops.flatMap((stop, i) => check(stop, kinds[i] ?? "public", used));
    expect(problems).toEqual([]);
    expect(operations.filter((operation) => !toured.has(operation))).toEqual([]);
    expect(quirks.filter((quirk) => !used.has(quirk)).map((quirk) => quirk.why)).toEqual([]);
  });
});

function check(stop: Stop, vendor: Vendor, used: Set<Quirk>): string[] {
  const mine = quirks.filter(
    (quirk) => quirk.vendor === vendor && (quirk.operations === undefined || quirk.operations.includes(stop.operation)),
  );
  const label = `${vendor} ${stop.operation} ${stop.status}`;
  const documented = documentedSchema(vendor, stop);
  if (documented === undefined) {
    const excused = mine.filter(
      ({ amendment }) => amendment.kind === "undocumented" && amendment.statuses.includes(stop.status),
    );
    for (const quirk of excused) used.add(quirk);
    return excused.length > 0 ? [] : [`${label}: not documented for ${stop.method} ${stop.path}`];
  }
  const rest = mine.filter(({ amendment }) => amendment.kind !== "undocumented");
  const problems = validate(label, documented, stop.body, rest);
  if (problems.length > 0)
    return problems.map((problem) => `${label}: ${problem} in ${JSON.stringify(stop.body).slice(0, 600)}`);
  for (const quirk of rest.filter((one) => !used.has(one))) {
    const without = rest.filter((one) => one !== quirk);
    if (validate(label, documented, stop.body, without).length > 0) used.add(quirk);
  }
  return [];
}

type Documented = { schema: unknown; lookup: Lookup };

const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
addFormats.default(ajv);

const compiled = new Map<string, ReturnType<typeof ajv.compile>>();

function validate(label: string, { schema, lookup }: Documented, body: unknown, allowed: Quirk[]): string[] {
  const amendments = allowed.map(({ amendment }) => amendment);
  const unwraps = amendments.filter((one) => one.kind === "unwrap");
  const whole = amendments.some((one) => one.kind === "reshaped" && one.properties.includes("responseData"));
  let value = body;
  for (const { property } of whole ? [] : unwraps) value = asRecord(value)[property] ?? value;
  const key = [label, ...allowed.map((quirk) => quirks.indexOf(quirk))].join();
  const check = compiled.get(key) ?? ajv.compile(contractSchema(schema, lookup, amendments));
  compiled.set(key, check);
  return check(value)
    ? []
    : (check.errors ?? [])
        .slice(0, 3)
        .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}

const files: Partial<Record<Vendor, string[]>> = {
  cloudtalk: ["cloudtalk/cloudtalk-openapi.v1.7.json"],
  analytics: ["cloudtalk/cloudtalk-openapi.v1.7.json"],
  intelligence: ["cloudtalk/cloudtalk-openapi.v1.7.json"],
  platform: ["cloudtalk/cloudtalk-openapi.v1.7.json"],
  ghl: ["contacts", "conversations", "locations", "oauth", "opportunities", "users", "workflows"].map(
    (name) => `ghl/${name}.json`,
  ),
  openai: ["openai/openai-subset.json"],
};

const documents = new Map<string, unknown>();
const load = (file: string): unknown => {
  if (!documents.has(file)) documents.set(file, JSON.parse(readFileSync(join(contracts, file), "utf8")));
  return documents.get(file);
};

/** The schema the vendor's document gives for this answer, if it knows the operation, the status and a JSON body. */
function documentedSchema(vendor: Vendor, stop: Stop): Documented | undefined {
  for (const file of files[vendor] ?? []) {
    const lookup = lookupIn(file);
    const operation = operationOf(asRecord(asRecord(load(file)).paths), stop);
    const response = asRecord(asRecord(operation.responses)[String(stop.status)]);
    const resolved = typeof response.$ref === "string" ? asRecord(lookup(response.$ref)) : response;
    const { schema } = asRecord(asRecord(resolved.content)["application/json"]);
    if (schema !== undefined) return { schema, lookup };
    if (resolved.content !== undefined && typeof stop.body === "string") return { schema: {}, lookup };
  }
  return undefined;
}

/** The path with the fewest placeholders that fits: `/contacts/search` is not `/contacts/{contactId}`. */
function operationOf(paths: Record<string, unknown>, { method, path }: Stop): Record<string, unknown> {
  const fits = (template: string) =>
    new RegExp(`^${template.replace(/\./g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path);
  const holes = (template: string) => template.split("{").length;
  const [best] = Object.keys(paths)
    .filter(fits)
    .sort((a, b) => holes(a) - holes(b));
  return asRecord(asRecord(paths[best ?? ""])[method.toLowerCase()]);
}

function lookupIn(file: string): Lookup {
  return (ref) => {
    const [other = "", pointer = ""] = ref.split("#");
    // The vendor keeps its documents one folder deeper beside their common schemas than they lie here.
    let node: unknown = load(other === "" ? file : join(dirname(file), other.replace("../", "")));
    for (const part of pointer.split("/").filter((one) => one !== "")) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      node = Array.isArray(node) ? node[Number(key)] : asRecord(node)[key];
    }
    return node;
  };
}
