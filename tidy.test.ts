import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";

/* The house style as far as a machine can hold it. Every check is a function of files, and is shown a bad one first. */

type File = { path: string; text: string };
const source = (path: string, text = ""): File => ({ path, text });
type Check = (files: File[]) => string[];

const linesMax = 400;
/** Not ours, made by machines, or data of a running installation. */
const skipped = new Set(["node_modules", ".git", ".data", "dist", "coverage"]);

function pathsUnder(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: false }).flatMap((entry): string[] => {
    const path = posix.join(directory, entry.name);
    if (skipped.has(entry.name)) return [];
    return entry.isDirectory() ? pathsUnder(path) : [path];
  });
}
const filesUnder = (directory: string): File[] =>
  pathsUnder(directory)
    .filter((path) => /\.(ts|mjs|json|md|ya?ml)$/.test(path))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));

const isSource = ({ path }: File) => /\.(ts|mjs)$/.test(path);
/** This file has to spell what it forbids. */
const here = (file: File) => isSource(file) && file.path !== "tidy.test.ts";
const isTest = ({ path }: File) => path.endsWith(".test.ts");
/** Files that match, one line per find. */
const finding =
  (pattern: RegExp, where: (file: File) => boolean): Check =>
  (files) =>
    files
      .filter(where)
      .flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
      );

/** The modules that a file imports, as written. */
function importsOf(file: File): string[] {
  const known = imports.get(file) ?? readImports(file);
  imports.set(file, known);
  return known;
}
const imports = new WeakMap<File, string[]>();

function readImports({ text }: File): string[] {
  const names = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(([, name = ""]) => name);
  return names.filter((name) => !name.startsWith(".") || name.endsWith(".ts"));
}
const importing =
  (pattern: RegExp, allowed: RegExp): Check =>
  (files) =>
    files
      .filter((file) => here(file) && !allowed.test(file.path))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => pattern.test(name))
          .map((name) => `${file.path} imports ${name}`),
      );

/** What a library may import of ours, beside itself. Tests may also use `testing` and the twin. */
const layers: Record<string, string[]> = {
  events: [],
  vendor: [],
  twin: [],
  cloudtalk: ["events", "vendor"],
  ghl: ["events", "vendor"],
  storage: ["events"],
  "event-log": ["events"],
  bus: ["events", "event-log"],
  "read-models": ["events", "event-log", "bus", "storage"],
  service: ["events", "event-log", "bus", "storage", "vendor"],
  connections: ["events", "event-log", "ghl", "service", "vendor"],
};
const direction: Check = (files) =>
  files.filter(isSource).flatMap((file) => {
    const [top, library = ""] = file.path.split("/");
    if (top !== "libs") return [];
    return importsOf(file).flatMap((name) => {
      const ours = name.startsWith(".")
        ? posix.join(posix.dirname(file.path), name).split("/")
        : name.startsWith("@callbridge/")
          ? ["libs", name.split("/")[1] ?? ""]
          : [];
      const [where, other = ""] = ours;
      const wrong = `${file.path} imports ${name}`;
      if (where === "services" || services().includes(other)) return library === "cli" ? [] : [wrong];
      if (where !== "libs" || other === library) return [];
      const allowed = layers[library];
      if (allowed === undefined || allowed.includes(other)) return [];
      const forTests = ["testing", "twin"].includes(other) && (isTest(file) || isForTests(file, files));
      return forTests ? [] : [wrong];
    });
  });

/** A file of fixtures: nobody but tests (and other such files) imports it. */
function isForTests(file: File, files: File[], seen: Set<string> = new Set()): boolean {
  if (seen.has(file.path)) return true;
  const users = files.filter(
    (user) => isSource(user) && importsOf(user).some((name) => posix.join(dirname(user.path), name) === file.path),
  );
  const next = new Set([...seen, file.path]);
  return users.length > 0 && users.every((user) => isTest(user) || isForTests(user, files, next));
}

const services = () =>
  readdirSync("services", { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? one.name : []));

/** standalone composes the others and handles nothing itself. */
const sameShape: Check = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  const names = [...new Set(files.flatMap(({ path }) => /^services\/([^/]+)\//.exec(path)?.[1] ?? []))];
  return names.flatMap((name) => {
    const has = (file: string) => paths.has(`services/${name}/${file}`);
    const missing = ["main.ts", "README.md", "package.json"].filter((file) => !has(file));
    if (name !== "standalone" && !has("handler.ts") && !has("routes.ts")) missing.push("handler.ts or routes.ts");
    return missing.map((file) => `services/${name} has no ${file}`);
  });
};

const exactVersions: Check = (files) =>
  files.flatMap(({ path, text }) => {
    if (posix.basename(path) !== "package.json") return [];
    const manifest: Record<string, unknown> = JSON.parse(text);
    const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides"];
    return kinds.flatMap((kind) =>
      Object.entries(manifest[kind] ?? {})
        .filter(([, version]) => typeof version !== "string" || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${path} wants ${name} ${version}`),
    );
  });

const tooLong: Check = (files) =>
  files.flatMap((file) => {
    const lines = file.text.trimEnd().split("\n").length;
    return isSource(file) && lines > linesMax ? [`${file.path} has ${lines} lines`] : [];
  });

/** Beside the configuration: who starts the process. Handing PATH on to a child is no configuration. */
const readsTheEnvironment =
  /^(libs\/service\/config\.ts|libs\/testing\/.*|vitest\.config\.ts|scripts\/.*|bench\/.*|services\/standalone\/(main|twin|demo|callbridge)\.ts)$/;
const checks: { rule: string; check: Check; bad: File[]; finds?: number; good?: File[] }[] = [
  {
    rule: "every service has the same files",
    check: sameShape,
    bad: [source("services/new/main.ts"), source("services/new/README.md"), source("services/new/package.json")],
    good: ["main.ts", "handler.ts", "README.md", "package.json"].map((name) => source(`services/new/${name}`)),
  },
  {
    rule: `no source file is longer than ${linesMax} lines`,
    check: tooLong,
    bad: [source("libs/a/long.ts", "x\n".repeat(linesMax + 1))],
    good: [source("libs/a/fits.ts", "x\n".repeat(linesMax)), source("docs/long.md", "x\n".repeat(1_000))],
  },
  {
    rule: "the environment is read in one place",
    check: finding(/\bprocess\.env\b(?!\.PATH\b)/, (file) => here(file) && !readsTheEnvironment.test(file.path)),
    bad: [source("services/new/main.ts", "const port = process.env.PORT;")],
    good: [source("libs/service/config.ts", "process.env")],
  },
  {
    rule: "the client of the language model stays in the analysis",
    check: importing(/^openai(\/|$)/, /^services\/analysis\//),
    bad: [source("libs/service/service.ts", 'import OpenAI from "openai";')],
    good: [source("services/analysis/model-server.ts", 'import OpenAI from "openai";')],
  },
  {
    rule: "NATS stays behind the bus",
    check: importing(/^@nats-io\//, /^libs\/bus\/|^bench\/|\.nats\.test\.ts$/),
    bad: [source("services/new/main.ts", 'import { jetstream } from "@nats-io/jetstream";')],
    good: [source("libs/bus/relay.ts", 'import { jetstream } from "@nats-io/jetstream";')],
  },
  {
    rule: "PostgreSQL stays behind the log",
    check: importing(/^(pg|kysely)(\/|$)/, /^libs\/(event-log|testing|read-models)\/|^bench\//),
    bad: [source("libs/service/budget.ts", 'const pg = await import("pg");')],
    good: [source("libs/event-log/listen.ts", 'import pg from "pg";')],
  },
  {
    rule: "imports follow the direction",
    check: direction,
    bad: [
      source("libs/ghl/client.ts", 'import { openEventLog } from "@callbridge/event-log";'),
      source("libs/events/call.ts", 'import { vendorHttp } from "@callbridge/vendor";'),
      source("libs/bus/relay.ts", 'import { until } from "@callbridge/testing";'),
      source("libs/storage/storage.ts", 'import { compose } from "../../services/recording/main.ts";'),
      source("libs/service/process.ts", 'import { compose } from "@callbridge/recording";'),
    ],
    finds: 5,
    good: [
      source("libs/ghl/client.ts", 'import { vendorHttp } from "@callbridge/vendor";'),
      source("libs/bus/relay.int.test.ts", 'import { until } from "@callbridge/testing";'),
    ],
  },
  {
    rule: "versions are exact",
    check: exactVersions,
    bad: [source("libs/a/package.json", '{"dependencies":{"zod":"^4.0.0"}}')],
    good: [source("libs/a/package.json", '{"dependencies":{"zod":"4.6.7","a":"1.0.0-beta.17"}}')],
  },
  {
    rule: "nothing is left to do",
    check: finding(/\b(TODO|FIXME|XXX)\b/, here),
    bad: [source("libs/a/a.ts", "// TODO later")],
  },
  {
    rule: "no test is skipped or alone",
    check: finding(/\b(test|it|describe)\.(skip|only|todo)\w*\(|\b(xit|xtest|xdescribe)\(/, here),
    bad: [source("libs/a/a.test.ts", 'test.skip("later", () => {});')],
  },
  {
    rule: "no type is given up",
    check: finding(/\bas any(?=\s*([;,)\]}.|&]|$))|@ts-(ignore|nocheck|expect-error)/, here),
    bad: [source("libs/a/a.ts", "const a = b as any;")],
  },
  {
    rule: "no key of a vendor",
    check: finding(
      /\b(pit-[\da-f]{8}-|sk-(proj-)?[\w-]{16}|AKIA[A-Z\d]{16}|eyJ[\w-]{16,}\.eyJ)|PRIVATE KEY-----|webhook-trigger\/[\da-f]{8}-/,
      // The twin's keys open nothing but the twin.
      ({ path }) => path !== "tidy.test.ts" && !/^libs\/twin\/(credentials|open-twin)\.ts$/.test(path),
    ),
    bad: [
      source("docs/a.md", "GHL_API_KEY=pit-1f0e2d3c-0000-4000-8000-000000000000"),
      source("libs/a/a.ts", 'const key = "sk-proj-abcdefghijklmnop";'),
      source("docs/b.json", '{"url":"https://a/hooks/L/webhook-trigger/1f0e2d3c-0000-4000-8000-000000000000"}'),
    ],
    finds: 3,
    good: [source("docs/a.md", "GHL_API_KEY=pit-… OPENAI_API_KEY=sk-…")],
  },
  {
    rule: "no path of somebody's machine",
    check: finding(/(["'`\s(])(\/home\/(?!a\b)|\/Users\/|\/root\/|\/work\/|[A-Z]:\\Users\\)/, (file) => here(file)),
    bad: [source("libs/a/a.ts", 'const file = "/home/jane/x";')],
  },
];

describe("the house style", () => {
  const files = filesUnder(".");

  test("looks at the files that there are", () => {
    expect(files.filter(isSource).length).toBeGreaterThan(100);
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["package.json", join("libs", "bus", "bus.ts")]),
    );
  });

  test("the repository holds no call, no database and no secret file, but for the sample call that nobody made", () => {
    const kept = /\.(wav|mp3|ogg|m4a|flac|webm|sqlite3?|db|dump|pem|key|har)$/i;
    const found = pathsUnder(".").filter((path) => kept.test(path));
    expect(found.filter((path) => !path.startsWith("libs/twin/sample/call."))).toEqual([]);
    expect(found).toHaveLength(2);
  });

  test.each(checks)("$rule", ({ check, bad, finds = 1, good = [] }) => {
    expect(check(bad)).toHaveLength(finds);
    expect(check(good)).toEqual([]);
    expect(check(files)).toEqual([]);
  });
});
