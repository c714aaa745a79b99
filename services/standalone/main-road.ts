import type { EventLog } from "@callbridge/event-log";
import { type Effect, evolveEffects } from "@callbridge/events";
import { until } from "@callbridge/testing";
import type { CallOptions, Twin } from "@callbridge/twin";
import { expect, test } from "vitest";
import type { Installation } from "./installation.ts";

export type World = { twin: Twin; running: Installation; log: EventLog };

/** What the whole system must do, whatever it runs on. Every call is one person's, so that notes can be counted. */
export function mainRoad(world: () => World): void {
  const person = () => {
    const [one] = world().twin.control.addPeople(1);
    if (!one) throw new Error("the twin adds nobody");
    return one;
  };
  const page = (id: string) => {
    const found = world().twin.control.contact(id);
    if (!found) throw new Error("the twin has lost a contact");
    return found;
  };
  const noteOn = (id: string) => until("the note is there", () => page(id).notes[0], 40_000);
  const consumers = ["contact-sync", "recording", "analysis", "ghl-writer"];
  /** Nothing is under way any more: every service has seen every event, and every intended write has an end. */
  const quiet = () =>
    until(
      "everything has come to rest",
      async () => {
        const { log } = world();
        const last = await log.lastPosition();
        const marks = await Promise.all(consumers.map((name) => log.readMark(name)));
        if (!marks.every((mark) => mark === last)) return false;
        const effects = (await log.after(0, 100_000)).reduce(evolveEffects, new Map<string, Effect>());
        return [...effects.values()].every(({ end }) => end !== undefined);
      },
      40_000,
    );

  const orders: [string, CallOptions][] = [
    ["the recording after the end", { order: ["call-ended", "call-recording-ready"] }],
    ["the recording before the end", { order: ["call-recording-ready", "call-ended"] }],
    ["both ids in both", { ids: { ended: "both", recording: "both" }, template: "rich" }],
    ["native webhooks", { shapes: "native" }],
    ["everything twice", { duplicates: 1 }],
  ];
  test.each(orders)("one call, one note, one entry in the history: %s", async (_name, options) => {
    const { ghlContactId, phone } = person();
    const { callId, sent } = await world().twin.control.playCall({ from: phone, ...options });
    expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 202));
    const note = await noteOn(ghlContactId);
    expect(note.body).toContain(`CloudTalk call ${callId}`);
    expect(note.body).toContain("free technician visit");
    await quiet();
    const { notes, messages, customFields } = page(ghlContactId);
    expect([notes.length, messages.length]).toEqual([1, 1]);
    expect(customFields.map(({ name }) => name)).toContain("Last call sentiment");
  });

  test("a missed call has a short note at once, though its webhook names only the uuid", async () => {
    const { ghlContactId, phone } = person();
    await world().twin.control.playCall({ from: phone, outcome: "missed" });
    expect((await noteOn(ghlContactId)).body).toMatch(/^Inbound missed call/);
  });

  test("a voicemail says so", async () => {
    const { ghlContactId, phone } = person();
    await world().twin.control.playCall({ from: phone, outcome: "voicemail" });
    expect((await noteOn(ghlContactId)).body).toMatch(/^Inbound voicemail/);
  });

  test("an unknown caller becomes one contact, also when two of its calls come at once", async () => {
    const { twin } = world();
    const before = twin.control.state().ghl.contacts.size;
    const from = "+12025550911";
    await Promise.all([twin.control.playCall({ from }), twin.control.playCall({ from })]);
    const contact = await until("the contact is there", () =>
      [...twin.control.state().ghl.contacts.values()].find((one) => one.phone === from),
    );
    await until("both notes are there", () => page(contact.id).notes.length === 2, 40_000);
    expect(twin.control.state().ghl.contacts.size).toBe(before + 1);
  });

  test("calls that no webhook reported are recovered by one sweep, and the certificate says so", async () => {
    const { twin, log } = world();
    const from = new Date();
    const people = twin.control.addPeople(10);
    for (const [index, { phone }] of people.entries()) {
      await twin.control.playCall({ from: phone, ...(index % 3 === 0 && { order: [], outcome: "missed" }) });
    }
    const key = `reconcile:asked:${phoneOf(people)}`;
    const to = new Date(Date.now() + 1_000);
    const event = {
      ...{ type: "reconcile.requested" as const, stream: "account:default", key: { fact: key }, personal: {} },
      ...{ time: from.toISOString(), source: "test" },
      data: { from: from.toISOString(), to: to.toISOString(), dryRun: false },
    };
    await log.append({ now: from, events: [{ account: "default", cause: { correlationId: key }, event }] });
    const certificate = await until(
      "the certificate",
      async () =>
        (await log.stream("default", "account:default")).events.find((one) => one.key.endsWith(key) && one.key !== key),
      60_000,
    );
    expect(certificate.data).toMatchObject({ cloudtalk: 10, log: 10, crm: 10, recovered: 4, reasons: {} });
    expect(people.map(({ ghlContactId }) => page(ghlContactId).notes.length)).toEqual(people.map(() => 1));
  });

  test("the same webhook fifty times at once, and again after a restart: one event, one note", async () => {
    const { running, log } = world();
    const { ghlContactId, phone } = person();
    const body = {
      call_uuid: `same-${phone}`,
      call_id: 987_654,
      external_number: Number(phone.slice(1)),
      talking_time: 0,
      direction: "incoming",
    };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => running.post("/api/cloudtalk-webhooks/call-ended", body)),
    );
    expect(answers.filter(({ verdict }) => verdict === "accepted").length).toBe(1);
    expect(new Set(answers.flatMap(({ eventIds }) => eventIds)).size).toBe(1);
    await noteOn(ghlContactId);
    expect(await running.stop()).toBe(0);
    await running.start();
    expect((await running.post("/api/cloudtalk-webhooks/call-ended", body)).verdict).toBe("duplicate");
    await quiet();
    expect(page(ghlContactId).notes.length).toBe(1);
    const { events } = await log.stream("default", `call:u:same-${phone}`);
    expect(events.filter(({ type }) => type === "call.ended").length).toBe(1);
  });

  test("killed at any moment of a call and started again: exactly one note", { timeout: 240_000 }, async () => {
    const { twin, running } = world();
    const people: string[] = [];
    const moments = [0, 30, 90, 180, 300, 500, 800, 1200];
    for (const [round, moment] of moments.entries()) {
      const { ghlContactId, phone } = person();
      people.push(ghlContactId);
      // In every other round the CRM also applies the note and loses the answer.
      if (round % 2 === 1) twin.control.fault({ match: { operation: "notes.create" }, fault: "drop-after-apply" });
      const begun = twin.control.requestLog().length;
      await twin.control.playCall({ from: phone });
      const end = Date.now() + moment;
      await until("the moment has come", () => Date.now() >= end || twin.control.requestLog().length > begun + 40);
      await running.kill();
      await running.start();
    }
    for (const id of people) await noteOn(id);
    await quiet();
    expect(people.map((id) => page(id).notes.length)).toEqual(moments.map(() => 1));
    expect(people.map((id) => page(id).messages.length)).toEqual(moments.map(() => 1));
  });

  test("a hundred calls at once: a hundred notes, each on the right contact; then SIGTERM under load loses nothing", {
    timeout: 240_000,
  }, async () => {
    const { twin, running } = world();
    await quiet();
    const people = twin.control.addPeople(100);
    twin.control.resetRequests();
    const played = await Promise.all(people.map(({ phone }) => twin.control.playCall({ from: phone })));
    expect(await running.stop()).toBe(0);
    await running.start();
    await until(
      "all notes are there",
      () => people.every(({ ghlContactId }) => page(ghlContactId).notes.length > 0),
      120_000,
    );
    await quiet();
    const wrong = people.filter(({ ghlContactId }, index) => {
      const { notes } = page(ghlContactId);
      return notes.length !== 1 || !String(notes[0]?.body).includes(`CloudTalk call ${played[index]?.callId}`);
    });
    expect(wrong).toEqual([]);
    const { vendors } = twin.control.requests();
    const perCall = (name: keyof typeof vendors) => (vendors[name]?.total ?? 0) / people.length;
    const cost = { cloudtalk: perCall("cloudtalk") + perCall("analytics"), ghl: perCall("ghl") };
    console.log(`requests per answered call: ${JSON.stringify(cost)}`, JSON.stringify(vendors));
    expect(cost.cloudtalk).toBeLessThanOrEqual(1.2);
    expect(cost.ghl).toBeLessThanOrEqual(6.5);
  });
}

const phoneOf = (people: { phone: string }[]) => people.map(({ phone }) => phone.slice(-4)).join("-");
