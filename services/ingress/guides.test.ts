import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cloudTalkTemplates } from "@callbridge/cloudtalk";
import type { WebhookTemplate } from "@callbridge/events";
import { ghlTemplates } from "@callbridge/ghl";
import { describe, expect, test } from "vitest";
import { endpoints } from "./endpoints.ts";

/* The guides say what the code does: bodies, triggers and addresses are compared, links followed. */

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

type Section = { text: string; bodies: unknown[] };

/** What stands below each `###` of the guide, with the JSON in it. */
const sections = new Map(
  read("docs/webhooks.md")
    .split(/^### /m)
    .slice(1)
    .map((part): [string, Section] => {
      const [title = "", ...lines] = (part.split(/^## /m)[0] ?? "").split("\n");
      const text = lines.join("\n");
      const bodies = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json = ""]): unknown => JSON.parse(json));
      return [title.trim(), { text, bodies }];
    }),
);

const wanted = new Map<string, WebhookTemplate[]>();
for (const template of [...cloudTalkTemplates, ...ghlTemplates]) {
  const title = template.path.includes("/ghl-") ? `${template.endpoint} of GHL` : template.endpoint;
  wanted.set(title, [...(wanted.get(title) ?? []), template]);
}

describe("the guide to the webhooks", () => {
  test("has a section for every endpoint that is set up with a body, and no other", () => {
    expect([...sections.keys()]).toEqual([...wanted.keys()]);
  });

  test.each([...wanted])("gives for %s the bodies that the code reads, and says what is needed", (title, templates) => {
    const section = sections.get(title);
    expect(section?.bodies).toEqual(templates.map(({ body }) => body));
    const common = ghlTemplates[0]?.besides.filter((line) => ghlTemplates.every((one) => one.besides.includes(line)));
    for (const { trigger, path, event, needsOneOf, besides } of templates) {
      const own = besides.filter((line) => !common?.includes(line));
      const needs = needsOneOf.map((name) => `\`${name}\``).join(" or ");
      for (const words of [`**${trigger}**`, `\`POST ${path}\``, `\`${event}\``, needs, ...own]) {
        expect(section?.text).toContain(words);
      }
    }
  });
});

test("every address that takes a shared secret has a template, and every template an address", () => {
  const formerNames = /pipeline-change$|status-change$/;
  const addresses = endpoints.filter(({ signed, path }) => signed === undefined && !formerNames.test(path));
  const templates = [...wanted.values()].flat().map(({ path }) => path);
  expect(addresses.map(({ path }) => `/api${path}`).toSorted()).toEqual([...new Set(templates)].toSorted());
});

test("the guide to CloudTalk's API names every operation that the client uses", () => {
  const guide = read("docs/cloudtalk-api.md");
  const sources = readdirSync(join(root, "libs/cloudtalk")).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const used = sources.flatMap((name) => [...read(`libs/cloudtalk/${name}`).matchAll(/operation: "([\w.]+)"/g)]);
  const names = [...new Set(used.map(([, operation = ""]) => operation))];
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((operation) => !guide.includes(`\`${operation}\``))).toEqual([]);
});

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];
test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, path = ""]) => path);
  expect(links.filter((path) => !existsSync(join(root, dirname(page), path)))).toEqual([]);
});
