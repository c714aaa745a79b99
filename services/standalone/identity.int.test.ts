import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EventType } from "@callbridge/events";
import { until } from "@callbridge/testing";
import type { Person } from "@callbridge/twin";
import { expect, test } from "vitest";
import { scene } from "./scene.ts";

const at = scene({ searchLagMs: 0 });

const executable = join(import.meta.dirname, "callbridge.ts");
const isLimited = 40_000;

async function callbridge(...words: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, DATABASE_URL: at.fresh.url, DATA_KEY: at.fresh.dataKey };
  return (await promisify(execFile)(process.execPath, [executable, ...words], { env })).stdout;
}
const inbox = async () => JSON.parse(await callbridge("contacts", "inbox", "--json")) as Record<string, unknown>[];
const notesOn = ({ ghlContactId }: Person) =>
  at.twin.control.contact(ghlContactId)?.notes.map(({ body }) => String(body));

function people(): [Person, Person] {
  const [one, other] = at.twin.control.addPeople(2);
  if (!one || !other) throw new Error("the twin adds nobody");
  return [one, other];
}

/** The events of a type in a subject, once there are that many. */
const told = (name: string, type: EventType, count = 1) =>
  until(
    `${count} ${type} in ${name}`,
    async () => {
      const events = (await at.fresh.log.stream("default", name)).events.filter((event) => event.type === type);
      return events.length >= count && events;
    },
    isLimited,
  );
const missedCall = async (from: string) => (await at.twin.control.playCall({ from, outcome: "missed" })).callId;

test("a number that two contacts share: not noted, asked, and after the answer noted once on the right one", async () => {
  const [one, other] = people();
  await at.twin.control.inGhl.edit(other.ghlContactId, { phone: one.phone }, { report: "off" });
  const callId = await missedCall(one.phone);
  await told(`call:n:${callId}`, "call.unmatched");
  const [question = {}] = await inbox();
  expect(question).toMatchObject({ because: "ambiguous", calls: 1 });
  expect((question.candidates as string[]).toSorted()).toEqual([one.ghlContactId, other.ghlContactId].toSorted());
  expect([notesOn(one), notesOn(other)]).toEqual([[], []]);

  await callbridge("contacts", "resolve", String(callId), "--ghl", other.ghlContactId);
  await until("the note is there", () => notesOn(other)?.length === 1, isLimited);
  const next = await missedCall(one.phone);
  await until("the next call is noted too", () => notesOn(other)?.length === 2, isLimited);
  expect(notesOn(other)?.map((body) => [callId, next].filter((id) => body.includes(`call ${id}`)).length)).toEqual([
    1, 1,
  ]);
  expect(notesOn(one)).toEqual([]);
  expect(await inbox()).toEqual([]);
});

test("contacts merged in GoHighLevel before the call is noted: the note is on the one that is left", async () => {
  const [gone] = people();
  const ghlContactId = await at.twin.control.inGhl.create({ firstName: "Kept", email: "kept@load.example" });
  const kept = { ...gone, ghlContactId };
  at.twin.control.fault({ match: { operation: "notes.create" }, fault: "status-429", times: 1 });
  const callId = await missedCall(gone.phone);
  await told(`call:n:${callId}`, "effect.failed");
  await at.twin.control.inGhl.merge({ kept: kept.ghlContactId, gone: gone.ghlContactId });
  await until("the note is there", () => notesOn(kept)?.length === 1, isLimited);
  expect(notesOn(kept)).toEqual([expect.stringContaining(`call ${callId}`)]);
  const next = await missedCall(gone.phone);
  await until("the next one is noted there", () => notesOn(kept)?.length === 2, isLimited);
  expect(notesOn(kept)?.some((body) => body.includes(`call ${next}`))).toBe(true);
  expect(await inbox()).toEqual([]);
});

test("a contact deleted in GoHighLevel before the call is noted: nobody is made anew, and a person is asked", async () => {
  const [gone] = people();
  const before = at.twin.control.state().ghl.contacts.size;
  at.twin.control.fault({ match: { operation: "notes.create" }, fault: "status-429", times: 1 });
  const callId = await missedCall(gone.phone);
  await told(`call:n:${callId}`, "effect.failed");
  await at.twin.control.inGhl.remove(gone.ghlContactId);
  await told(`call:n:${callId}`, "call.unmatched");
  await told(`contact:ghl:${gone.ghlContactId}`, "contact.deleted");
  expect(at.twin.control.state().ghl.contacts.size).toBe(before - 1);
  expect(await inbox()).toMatchObject([{ because: "contact-gone", calls: 1 }]);
  expect(await callbridge("call", String(callId))).toContain("was deleted in GoHighLevel before the call was noted");
  await callbridge("contacts", "resolve", String(callId), "--none");
  expect(await inbox()).toEqual([]);
});

test("contacts merged in CloudTalk: the one that is left takes the link, and calls go on being noted", async () => {
  const [kept, gone] = people();
  await missedCall(gone.phone);
  await told(`contact:ghl:${gone.ghlContactId}`, "contact.linked");
  await at.twin.control.inCloudTalk.merge({ kept: kept.cloudtalkContactId, gone: gone.cloudtalkContactId });
  await told(`contact:ct:${gone.cloudtalkContactId}`, "contact.deleted");
  await missedCall(gone.phone);
  await until("both calls are noted", () => notesOn(gone)?.length === 2, isLimited);
  expect(at.twin.control.contact(gone.ghlContactId)?.contact).toMatchObject({ phone: gone.phone });
});

test("a contact deleted in CloudTalk is not made anew there, and its calls are noted as before", async () => {
  const [person] = people();
  await missedCall(person.phone);
  await told(`contact:ghl:${person.ghlContactId}`, "contact.linked");
  const contacts = () => at.twin.control.state().cloudtalk.contacts.size;
  const before = contacts();
  await at.twin.control.inCloudTalk.remove(person.cloudtalkContactId);
  await told(`contact:ct:${person.cloudtalkContactId}`, "contact.deleted");
  await missedCall(person.phone);
  await until("both calls are noted", () => notesOn(person)?.length === 2, isLimited);
  expect(contacts()).toBe(before - 1);
  expect(JSON.parse(await callbridge("dead", "--json"))).toMatchObject({ deadLetters: [] });
});
