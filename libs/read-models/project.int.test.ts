import { connectDatabase } from "@callbridge/event-log";
import { freshLog, given, type Told } from "@callbridge/testing";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openReadModels, type ReadModels } from "./read-models.ts";
import { putEvents, type TableDump, tablesOf } from "./test-log.ts";

let fresh: Awaited<ReturnType<typeof freshLog>>;
let models: ReadModels;
let opened: ReturnType<typeof connectDatabase>;
beforeAll(async () => {
  fresh = await freshLog();
  models = openReadModels(fresh);
  opened = connectDatabase(fresh.url, 2);
});
afterAll(async () => {
  await models.close();
  await opened.db.destroy();
  await fresh.drop();
});

const dump = (): Promise<TableDump> => tablesOf(opened.db);
const put = (...told: Told[]) => putEvents(fresh.log, given(...told));
const call = async (subject: string) => (await dump()).calls.filter((row) => row.subject === subject);

describe("the tables", () => {
  test("know a call by all of its ids, in one row, whichever id came first", async () => {
    await put(["call.recording_ready", { callId: "m1" }]);
    await models.catchUp();
    await put(["call.ended", { callUuid: "m-u1" }]);
    await models.catchUp();
    expect([await call("call:n:m1"), await call("call:u:m-u1")].map((rows) => rows.length)).toEqual([1, 1]);
    await put(["call.identified", { callId: "m1", callUuid: "m-u1" }, { stream: "call:u:m-u1" }]);
    await models.catchUp();
    expect(await call("call:u:m-u1")).toEqual([]);
    expect(await call("call:n:m1")).toMatchObject([
      { streams: ["call:n:m1", "call:u:m-u1"], call_id: "m1", call_uuid: "m-u1", outcome: "answered" },
    ]);
  });

  test("tell what became of every write, and a contact's last call", async () => {
    const effect = { effect: "note:e1", target: "ghl-note:e1" };
    await put(
      ["call.ended", { callUuid: "e1" }],
      ["call.identified", { callId: "91", callUuid: "e1" }],
      ["call.matched", { ghlContactId: "GhlE1" }],
      ["effect.intended", effect],
      ["effect.attempted", effect],
      ["effect.failed", { ...effect, final: false, because: "busy", status: 429 }],
      ["effect.attempted", { ...effect, attempt: 2 }],
      ["effect.observed", { ...effect, attempt: 2, vendorId: "note-e1" }],
      ["contact.linked", { cloudtalkContactId: "ct-e1", ghlContactId: "GhlE1" }],
    );
    await models.catchUp();
    const { effects, contacts } = await dump();
    expect(effects.find((row) => row.effect === "note:e1")).toMatchObject({
      ...{ subject: "call:u:e1", state: "observed", attempts: 2, host: "crm.example", vendor_id: "note-e1" },
      ...{ how: "answer", status: null, because: null },
    });
    expect(contacts.find((row) => row.ghl_contact_id === "GhlE1")).toMatchObject({
      ...{ cloudtalk_contact_ids: ["ct-e1"], calls: 1, calls_in_crm: 1, last_call: "call:u:e1" },
      last_outcome: "answered",
    });
    expect(await call("call:u:e1")).toMatchObject([{ in_crm: true, note: "observed", note_id: "note-e1" }]);
  });

  test("have no contact whose only call turned out to be another's", async () => {
    await put(["call.ended", { callUuid: "o1" }], ["call.matched", { ghlContactId: "GhlO1" }]);
    await models.catchUp();
    await put(["call.matched", { ghlContactId: "GhlO2" }, { stream: "call:u:o1" }]);
    await models.catchUp();
    const ids = (await dump()).contacts.map((row) => row.ghl_contact_id);
    expect(ids.filter((id) => String(id).startsWith("GhlO"))).toEqual(["GhlO2"]);
  });

  test("hold no number, and forget its hash with the key that sealed it", async () => {
    await put(["call.ended", { callUuid: "p1", externalPhone: "+12025550177" }]);
    await models.catchUp();
    expect(JSON.stringify(await dump())).not.toContain("2025550177");
    expect((await models.findCalls("+1 (202) 555-0177")).map(({ subject }) => subject)).toEqual(["call:u:p1"]);
    await fresh.log.erase("default", "call:u:p1");
    expect(await models.findCalls("+12025550177")).toEqual([]);
    const erased = await dump();
    expect(erased.calls.find((row) => row.subject === "call:u:p1")).toMatchObject({ phone_hash: null, erased: true });
    await models.rebuild();
    expect(await dump()).toEqual(erased);
  });

  test("filled by six processes at once are filled once", async () => {
    for (let index = 0; index < 40; index++) await put(["call.ended", { callUuid: `six-${index}` }]);
    const others = Array.from({ length: 5 }, () => openReadModels(fresh));
    await Promise.all([models, ...others].map((one) => one.catchUp()));
    await Promise.all(others.map((one) => one.close()));
    const filled = await dump();
    expect(filled.calls.filter(({ subject }) => String(subject).startsWith("call:u:six-")).length).toBe(40);
    await models.rebuild();
    expect(await dump()).toEqual(filled);
  });

  test("say how far a rebuild is, to the end", async () => {
    const reached: number[] = [];
    const end = await models.rebuild(({ position }) => reached.push(position));
    expect(reached.at(-1)).toBe(end);
    expect(end).toBe(await fresh.log.lastPosition());
    const { rows } = await sql`select behind from callbridge_views.freshness`.execute(opened.db);
    expect(rows).toEqual([{ behind: 0 }]);
  });
});

/** What may happen around three calls of one number, in any order: also orders that no vendor has. */
function happenings(prefix: string) {
  const ids = fc.constantFrom(1, 2, 3);
  const uuid = (id: number) => `${prefix}-u${id}`;
  const callId = (id: number) => `${prefix}-n${id}`;
  const contact = fc.constantFrom(`${prefix}-Ada`, `${prefix}-Bob`);
  const note = (id: number, revision: number) => ({
    ...{ effect: `note:${prefix}-${id}:${revision}`, target: `ghl-note:${prefix}-${id}`, revision },
  });
  const at = (id: number, byUuid: boolean) => ({ stream: `call:${byUuid ? `u:${uuid(id)}` : `n:${callId(id)}`}` });
  const step = fc.constantFrom("effect.intended", "effect.attempted", "effect.failed", "effect.observed" as const);
  return fc.oneof(
    fc.record({ id: ids }).map(({ id }): Told => ["call.ended", { callUuid: uuid(id) }]),
    fc.record({ id: ids }).map(({ id }): Told => ["call.recording_ready", { callId: callId(id) }]),
    // Also wrong ones: whatever two ids are said to be one call, the tables follow the log.
    fc
      .record({ id: ids, other: ids, byUuid: fc.boolean() })
      .map(
        ({ id, other, byUuid }): Told => [
          "call.identified",
          { callId: callId(id), callUuid: uuid(other) },
          at(byUuid ? other : id, byUuid),
        ],
      ),
    fc
      .record({ id: ids, contact, byUuid: fc.boolean() })
      .map(({ id, contact: ghlContactId, byUuid }): Told => ["call.matched", { ghlContactId }, at(id, byUuid)]),
    fc
      .record({ id: ids, revision: fc.constantFrom(1, 2), step, byUuid: fc.boolean(), attempt: fc.constantFrom(1, 2) })
      .map(
        ({ id, revision, step: type, byUuid, attempt }): Told => [
          type,
          { ...note(id, revision), attempt },
          at(id, byUuid),
        ],
      ),
    fc
      .record({ contact, id: ids })
      .map(
        ({ contact: ghlContactId, id }): Told => [
          "contact.linked",
          { ghlContactId, cloudtalkContactId: `${prefix}-ct${id}` },
        ],
      ),
    fc
      .record({ contact, id: ids })
      .map(
        ({ contact: ghlContactId, id }): Told => [
          "effect.intended",
          { kind: "cloudtalk.contact", effect: `ct:${ghlContactId}:${id}`, target: `ct:${ghlContactId}` },
          { stream: `contact:ghl:${ghlContactId}` },
        ],
      ),
    fc
      .record({ id: ids })
      .map(
        ({ id }): Told => ["contact.reported", { cloudtalkContactId: `${prefix}-ct${id}`, ghlContactId: undefined }],
      ),
  );
}

type Act = { told: Told } | "catch up" | { erase: string };

test("rebuilt from the log, the tables are the same byte for byte, whatever happened in whatever order", {
  timeout: 240_000,
}, async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 8, arbitrary: happenings("x").map((told): Act => ({ told })) },
          { weight: 3, arbitrary: fc.constant<Act>("catch up") },
          { weight: 1, arbitrary: fc.constantFrom<Act>({ erase: "call:u:x-u1" }, { erase: "call:n:x-n2" }) },
        ),
        { maxLength: 30 },
      ),
      async (acts) => {
        run += 1;
        // A prefix of its own for every run: one log holds them all, as in life.
        const mine = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll("x-", `r${run}-`));
        for (const act of acts) {
          if (act === "catch up") await models.catchUp();
          else if ("erase" in act) await fresh.log.erase("default", mine(act.erase));
          else await putEvents(fresh.log, given(mine(act.told)));
        }
        await models.catchUp();
        const kept = await dump();
        await models.rebuild();
        expect(await dump()).toEqual(kept);
      },
    ),
    { numRuns: 40 },
  );
});
