import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { endpoints } from "./endpoints.ts";
import { type Ingress, openIngress } from "./given.ts";

/* The examples of docs/examples are posted as they stand there, and must become what they say. */

const folder = join(import.meta.dirname, "../../docs/examples");
const schema = z.strictObject({
  note: z.string(),
  path: z.string(),
  body: z.record(z.string(), z.unknown()).optional(),
  /** In the place of `body`, what is no JSON. */
  text: z.string().optional(),
  verdict: z.enum(["accepted", "ignored", "parked"]),
  events: z.array(z.string()),
});
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
const textOf = (name: string) => readFileSync(join(folder, name), "utf8");

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

test.each(names)("%s becomes what it says", async (name) => {
  const { path, body, text, verdict, events } = schema.parse(JSON.parse(textOf(name)));
  const own = ingress.as(name);
  const answer = await own.post(path, text ?? body);
  expect(answer).toMatchObject({ status: 202, verdict });
  expect((await own.events()).map(({ type }) => type)).toEqual(events);
  if (verdict !== "accepted") expect(answer.because).toMatch(/\w/);
});

test("there is an example for every endpoint, in its own folder", () => {
  const folders = endpoints.map(({ vendor, name }) => `${vendor}-webhooks/${name}`);
  expect([...new Set(names.map((name) => name.split(/[\\/]/).slice(0, 2).join("/")))].toSorted()).toEqual(
    [...new Set(folders)].toSorted(),
  );
});

test("the examples hold no number that could be somebody's", () => {
  const phones = names.flatMap((name) => textOf(name).match(/(?<![\w-])\+?[1-9]\d{10,}/g) ?? []);
  expect(phones.length).toBeGreaterThan(10);
  expect(phones.filter((phone) => !/^\+?120255501\d\d$/.test(phone))).toEqual([]);
});
