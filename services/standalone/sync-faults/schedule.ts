import fc from "fast-check";
import type { Fault } from "../faults/schedule.ts";

export type Side = "cloudtalk" | "ghl";

/** What somebody does to a record of a person on one side. Numbers and addresses are the nth of that person's. */
type Act =
  | { act: "text"; field: "name" | "city" | "company" | "plan" | "unmapped"; text: string }
  | { act: "tag" | "untag"; tag: string }
  | { act: "phone" | "unphone" | "main-phone" | "email" | "unemail" | "main-email"; nth: number }
  | { act: "link"; nth: number }
  | { act: "delete" };

export type Deed = {
  /** After the deed before. Milliseconds. */
  afterMs: number;
  person: number;
  side: Side;
  what: Act;
  /** Delays of the deliveries of every webhook that tells of it; none: they are lost. */
  told: number[];
  /** It happens while this request is under way, the next of its kind. */
  during: string | undefined;
};

/** What a record holds in the beginning. */
export type Beginning = { tags: string[]; city: string; plan: string; phones: number[]; emails: number[] };
/** Undefined: nobody knows the person on that side. */
type Start = Record<Side, Beginning | undefined>;

export type SyncSchedule = {
  seed: number;
  bus: "embedded" | "shared";
  searchLagMs: number;
  allowsDuplicates: boolean;
  people: Start[];
  deeds: Deed[];
  faults: Fault[];
};

export const tags = { synced: ["Hot Lead", "newsletter", "VIP customer"], ignored: ["internal-a", "internal-b"] };
export const numbersPerPerson = 4;

const oneOf = fc.constantFrom;
const text = oneOf("", "Rome", "Milan", "Città <di> Castello & figli", "Oslo");
const nth = fc.integer({ min: 0, max: numbersPerPerson - 1 });
const tag = oneOf(...tags.synced, ...tags.ignored);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: oneOf("tag", "tag", "untag"), tag }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant("text"), field: oneOf("city", "company", "plan", "unmapped"), text }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("text"),
      field: fc.constant("name"),
      text: oneOf("Ada Rossi", "Ada", "Ada de la Cruz"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: oneOf("phone", "unphone", "main-phone"), nth }) },
  { weight: 3, arbitrary: fc.record({ act: oneOf("email", "unemail", "main-email"), nth }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("link"), nth }) },
) as fc.Arbitrary<Act>;

const duringWrites = [
  "cloudtalk.contacts.edit",
  "cloudtalk.contacts.addTags",
  "cloudtalk.contacts.removeTags",
  "cloudtalk.contacts.show",
  "ghl.contacts.update",
  "ghl.contacts.addTags",
  "ghl.contacts.removeTags",
  "ghl.contacts.get",
];
const deed = (people: number): fc.Arbitrary<Deed> =>
  fc.record({
    afterMs: fc.oneof(
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 6_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 150_000 }) },
    ),
    person: fc.integer({ min: 0, max: people - 1 }),
    side: oneOf("cloudtalk", "ghl"),
    what: fc.oneof({ weight: 40, arbitrary: act }, { weight: 1, arbitrary: fc.constant<Act>({ act: "delete" }) }),
    told: fc.oneof(
      { weight: 9, arbitrary: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant<number[]>([]) },
    ),
    during: fc.option(oneOf(...duringWrites), { nil: undefined, freq: 3 }),
  });

const beginning: fc.Arbitrary<Beginning> = fc.record({
  tags: fc.uniqueArray(tag, { maxLength: 3 }),
  city: text,
  plan: oneOf("", "basic", "pro"),
  phones: fc.uniqueArray(fc.integer({ min: 1, max: numbersPerPerson - 1 }), { maxLength: 2 }),
  emails: fc.uniqueArray(nth, { maxLength: 2 }),
});
const start: fc.Arbitrary<Start> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ cloudtalk: beginning, ghl: beginning }) },
  { weight: 1, arbitrary: fc.record({ cloudtalk: beginning, ghl: fc.constant(undefined) }) },
  { weight: 1, arbitrary: fc.record({ cloudtalk: fc.constant(undefined), ghl: beginning }) },
);

/** Ports of the log and of the vendors, with about how often a deed makes use of them. */
const ports: [name: string, usesPerDeed: number, kind: "log" | "read" | "write"][] = [
  ["log.append", 6, "log"],
  ["log.append", 6, "log"],
  ["log.putDue", 3, "log"],
  ["log.claimDue", 10, "log"],
  ["log.finishDue", 3, "log"],
  ["log.takeLease", 2, "log"],
  ["log.stream", 8, "log"],
  ["log.target", 2, "log"],
  ["bus.ack", 10, "log"],
  ["cloudtalk.contacts.show", 3, "read"],
  ["cloudtalk.contacts.index", 1, "read"],
  ["ghl.contacts.get", 3, "read"],
  ["ghl.contacts.search", 1, "read"],
  ["cloudtalk.contacts.edit", 1, "write"],
  ["cloudtalk.contacts.addTags", 1, "write"],
  ["cloudtalk.contacts.removeTags", 1, "write"],
  ["cloudtalk.contacts.add", 1, "write"],
  ["ghl.contacts.update", 1, "write"],
  ["ghl.contacts.addTags", 1, "write"],
  ["ghl.contacts.removeTags", 1, "write"],
  ["ghl.contacts.create", 1, "write"],
];
const troubles = {
  log: ["lost", "doubt", "slow", "outage"],
  read: ["refused", "lost", "slow"],
  write: ["refused", "lost", "doubt", "doubt", "late", "slow"],
} as const;
const crashes = ["crash-before", "crash-sent", "crash-after", "crash-all"] as const;
/** The fifth death with the same row in hand makes it a dead letter, as it should be. */
const deathsMax = 3;
/** A vendor applies a request within this time or never (DESIGN 3.10). */
export const settleMs = 15_000;

const trouble = (deeds: number): fc.Arbitrary<Fault> =>
  oneOf(...ports).chain(([port, uses, kind]) =>
    fc.record({
      port: fc.constant(port),
      nth: fc.integer({ min: 1, max: Math.max(1, uses * deeds) }),
      how: oneOf(...troubles[kind]),
      ms: fc.integer({ min: 500, max: kind === "log" ? 8_000 : settleMs }),
    }),
  );
const death = (deeds: number): fc.Arbitrary<Fault> =>
  oneOf(...ports).chain(([port, uses]) =>
    fc.record({
      port: fc.constant(port),
      nth: fc.integer({ min: 1, max: Math.max(1, uses * deeds) }),
      how: oneOf(...crashes),
      ms: fc.oneof(fc.integer({ min: 100, max: 8_000 }), fc.integer({ min: 8_000, max: 90_000 })),
    }),
  );

/** Any schedule; fast-check shrinks a failing one by its deeds, faults and people. */
export const syncSchedules: fc.Arbitrary<SyncSchedule> = fc
  .record({
    seed: fc.nat(1_000_000),
    bus: oneOf("embedded", "shared"),
    searchLagMs: fc.integer({ min: 0, max: 5_000 }),
    allowsDuplicates: fc.boolean(),
    people: fc.array(start, { minLength: 1, maxLength: 2 }),
  })
  .chain((schedule) =>
    fc
      .record({
        deeds: fc.array(deed(schedule.people.length), { minLength: 1, maxLength: 12 }),
        troubles: fc.array(trouble(6), { maxLength: 4 }),
        deaths: fc.array(death(6), { maxLength: deathsMax }),
      })
      .map(({ deeds, troubles: some, deaths }): SyncSchedule => ({ ...schedule, deeds, faults: [...some, ...deaths] })),
  );
