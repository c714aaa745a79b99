import { type SyncSettings, syncSettings } from "@callbridge/service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nobody, type Person } from "./person.ts";
import { agreed, reconcile } from "./three-way.ts";
import { applied } from "./writes.ts";

const settings = syncSettings.parse(undefined);
const person = (parts: Partial<Person>): Person => ({ ...nobody, ...parts });
const named = (name: string) => person({ fields: { name } });
const nothing = reconcile(nobody, nobody, nobody, settings);
type Sides = { base?: Person; cloudtalk?: Person; ghl?: Person; rules?: SyncSettings };

const decide = ({ base, cloudtalk = nobody, ghl = nobody, rules = settings }: Sides) =>
  reconcile(base, cloudtalk, ghl, rules);
const rulesWith = (rule: object) => syncSettings.parse({ fields: [{ ghl: "city", cloudtalk: "city", ...rule }] });
const inCity = (city: string) => person(city === "" ? {} : { fields: { city } });

describe("given texts", () => {
  test("that are equal, nothing is written, whatever was agreed on before", () => {
    expect(decide({ base: named("Old"), cloudtalk: named("Ada"), ghl: named("Ada") })).toEqual(nothing);
  });

  test("changed on one side, the change goes to the other", () => {
    const base = named("Ada");
    expect(decide({ base, cloudtalk: base, ghl: named("Ada Rossi") }).cloudtalk.fields).toEqual([
      { key: "name", field: "name", from: "Ada", to: "Ada Rossi" },
    ]);
    expect(decide({ base, cloudtalk: named("Ada B."), ghl: base }).ghl.fields).toEqual([
      { key: "name", field: "name", from: "Ada", to: "Ada B." },
    ]);
  });

  test("changed on both sides, the owner's stands", () => {
    const sides = { base: inCity("Rome"), cloudtalk: inCity("Milan"), ghl: inCity("Turin") };
    expect(decide({ ...sides, rules: rulesWith({ owner: "ghl" }) }).cloudtalk.fields).toMatchObject([{ to: "Turin" }]);
    expect(decide({ ...sides, rules: rulesWith({ owner: "cloudtalk" }) }).ghl.fields).toMatchObject([{ to: "Milan" }]);
  });

  test("that one side never had, they are filled in; without a base nothing was removed", () => {
    expect(decide({ ghl: inCity("Rome") }).cloudtalk.fields).toMatchObject([{ from: "", to: "Rome" }]);
    expect(decide({ cloudtalk: inCity("Rome") }).ghl.fields).toMatchObject([{ from: "", to: "Rome" }]);
  });

  test("emptied by somebody, the other side is emptied too; a name comes back", () => {
    const base = person({ fields: { name: "Ada", city: "Rome" } });
    const { cloudtalk, ghl } = decide({ base, cloudtalk: base, ghl: nobody });
    expect(cloudtalk.fields).toEqual([{ key: "city", field: "city", from: "Rome", to: "" }]);
    expect(ghl.fields).toEqual([{ key: "name", field: "name", from: "", to: "Ada" }]);
  });

  test("one way only, what is changed on the wrong side is put right, but never emptied", () => {
    const rules = rulesWith({ direction: "to-cloudtalk" });
    expect(decide({ base: inCity("Rome"), cloudtalk: inCity("Milan"), ghl: inCity("Rome"), rules })).toMatchObject({
      cloudtalk: { fields: [{ from: "Milan", to: "Rome" }] },
      ghl: { fields: [] },
    });
    expect(decide({ cloudtalk: inCity("Milan"), rules })).toEqual(nothing);
  });

  test("to be filled if empty, what is there stays, and what was emptied is not filled again", () => {
    const rules = rulesWith({ mode: "fill-if-empty" });
    expect(decide({ ghl: inCity("Rome"), rules }).cloudtalk.fields).toMatchObject([{ to: "Rome" }]);
    expect(decide({ cloudtalk: inCity("Milan"), ghl: inCity("Rome"), rules })).toEqual(nothing);
    expect(decide({ base: inCity("Rome"), cloudtalk: nobody, ghl: inCity("Rome"), rules })).toEqual(nothing);
  });

  test("to be appended, both sides end with the whole, the owner's first", () => {
    const rules = rulesWith({ mode: "append" });
    const { cloudtalk, ghl } = decide({ cloudtalk: inCity("south"), ghl: inCity("north"), rules });
    expect([cloudtalk.fields, ghl.fields]).toMatchObject([[{ to: "north; south" }], [{ to: "north; south" }]]);
    const more = decide({ cloudtalk: inCity("north; south; east"), ghl: inCity("north; south"), rules });
    expect([more.cloudtalk.fields, more.ghl.fields]).toMatchObject([[], [{ to: "north; south; east" }]]);
  });
});

describe("given tags", () => {
  const tags = (...names: string[]) => person({ tags: names });

  test("never agreed on, both sides get all of them", () => {
    const { cloudtalk, ghl } = decide({ cloudtalk: tags("a", "b"), ghl: tags("b", "c") });
    expect(cloudtalk.tags).toEqual({ add: ["c"], remove: [] });
    expect(ghl.tags).toEqual({ add: ["a"], remove: [] });
  });

  test("removed on one side, they are removed on the other only when both had them", () => {
    const { cloudtalk, ghl } = decide({ base: tags("a", "b"), cloudtalk: tags("a", "b", "c"), ghl: tags("a") });
    expect(cloudtalk.tags).toEqual({ add: [], remove: ["b"] });
    expect(ghl.tags).toEqual({ add: ["c"], remove: [] });
  });

  test("one way only, the other side's own stay where they are", () => {
    const rules = syncSettings.parse({ tags: { direction: "to-ghl" } });
    const { cloudtalk, ghl } = decide({ base: tags("old"), cloudtalk: tags("a"), ghl: tags("b", "old"), rules });
    expect(cloudtalk.tags).toEqual({ add: [], remove: [] });
    expect(ghl.tags).toEqual({ add: ["a"], remove: ["old"] });
  });
});

describe("given numbers", () => {
  const [one, two, three] = ["+393000000001", "+393000000002", "+393000000003"];
  const phones = (...numbers: string[]) => person({ phones: numbers });

  test("the call centre gets all that the CRM has; what it has beside them stays", () => {
    const change = decide({ cloudtalk: phones(two), ghl: phones(one) });
    expect(change.cloudtalk.phones).toEqual({ add: [one], remove: [] });
    expect(change.ghl.phone).toBeUndefined();
  });

  test("a CRM contact without one gets one", () => {
    expect(decide({ cloudtalk: phones(two) }).ghl.phone).toEqual({ from: "", to: two });
  });

  test("changed in the CRM, the former one leaves the call centre", () => {
    const change = decide({ base: phones(one), cloudtalk: phones(one, three), ghl: phones(two) });
    expect(change.cloudtalk.phones).toEqual({ add: [two], remove: [one] });
    expect(change.ghl.phone).toBeUndefined();
  });

  test("changed in the call centre, the main one of the CRM follows", () => {
    const change = decide({ base: phones(one), cloudtalk: phones(two), ghl: phones(one) });
    expect(change.ghl.phone).toEqual({ from: one, to: two });
    expect(change.cloudtalk.phones).toEqual({ add: [], remove: [] });
  });

  test("removed in the call centre, the only one comes back: the CRM is not left without", () => {
    const change = decide({ base: phones(one), ghl: phones(one) });
    expect(change.ghl.phone).toBeUndefined();
    expect(change.cloudtalk.phones).toEqual({ add: [one], remove: [] });
  });
});

describe("given any two sides and any base", () => {
  const words = fc.constantFrom("a", "b", "c", "d");
  const text = fc.option(words, { nil: undefined });
  const anybody = fc.record({ name: text, city: text, phones: fc.uniqueArray(words), tags: fc.uniqueArray(words) });
  const made = ({ name, city, phones, tags }: typeof anybody extends fc.Arbitrary<infer T> ? T : never): Person => ({
    fields: Object.fromEntries(
      Object.entries({ name, city }).filter(([, value]) => value !== undefined),
    ) as Person["fields"],
    phones: phones.map((word) => `+39300000000${word.charCodeAt(0) % 10}`),
    emails: [],
    tags: tags.toSorted(),
  });
  const sides = fc.tuple(fc.option(anybody.map(made), { nil: undefined }), anybody.map(made), anybody.map(made));

  test("once everything is written, nothing more is: the decision comes to rest", () => {
    fc.assert(
      fc.property(sides, ([base, cloudtalk, ghl]) => {
        const first = reconcile(base, cloudtalk, ghl, settings);
        const left = applied(cloudtalk, { ...first.cloudtalk, ...first.cloudtalk.tags });
        const right = applied(ghl, { ...first.ghl, ...first.ghl.tags });
        expect(reconcile(agreed(base, left, right), left, right, settings)).toEqual(nothing);
      }),
    );
  });

  test("nothing is removed that was not agreed on, and nothing is emptied that nobody emptied", () => {
    fc.assert(
      fc.property(sides, ([base = nobody, cloudtalk, ghl]) => {
        const change = reconcile(base, cloudtalk, ghl, settings);
        for (const tag of [...change.cloudtalk.tags.remove, ...change.ghl.tags.remove])
          expect(base.tags).toContain(tag);
        for (const phone of change.cloudtalk.phones.remove) expect(base.phones).toContain(phone);
        for (const { key, to } of [...change.cloudtalk.fields, ...change.ghl.fields]) {
          if (to === "") expect(base.fields[key]).toBeDefined();
        }
      }),
    );
  });

  test("a side that differs in nothing from the base is only written to, never read from", () => {
    fc.assert(
      fc.property(sides, ([, cloudtalk, ghl]) => {
        const { tags, fields } = reconcile(cloudtalk, cloudtalk, ghl, settings).ghl;
        expect(tags).toEqual({ add: [], remove: [] });
        expect(fields.filter(({ key }) => key !== "name")).toEqual([]);
      }),
    );
  });
});
