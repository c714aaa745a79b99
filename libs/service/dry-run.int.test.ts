import { catalogue, type LogEvent, type NewEvent, stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { VendorError } from "@callbridge/vendor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DryRun, dryRun, lookOnlyPlatform } from "./dry-run.ts";
import type { AnyHandler, Decision } from "./handler.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
const clock = () => now;
const name = stream.callByUuid("dry");
let fresh: FreshLog;
let event: LogEvent;
beforeAll(async () => {
  fresh = await freshLog();
  const ended: NewEvent = {
    type: "call.ended",
    stream: name,
    key: { fact: `${name}/ended` },
    time: now.toISOString(),
    source: "cloudtalk",
    data: catalogue["call.ended"].data.parse({ callUuid: "dry" }),
    personal: { externalPhone: "+12025550143" },
  };
  const { events } = await fresh.log.append({
    now,
    events: [{ account: "a", event: ended, cause: { correlationId: "c" } }],
  });
  const stored = await fresh.log.at(events[0]?.position ?? 0);
  if (!stored) throw new Error("the event is not there");
  event = stored;
});
afterAll(() => fresh.drop());

const would = (decide: AnyHandler["decide"], lease?: string): Promise<DryRun> => {
  const handler: AnyHandler = { name: "h", on: ["call.ended"], fold: (events) => events, decide, lease: () => lease };
  return dryRun(handler, event, { log: fresh.log, keyring: fresh.keyring, clock });
};
const decides = (decision: Decision) => would(() => decision);

test("a handler that decides nothing would do nothing", async () => {
  expect(await decides({})).toEqual({ outcome: "nothing" });
});

test("says what would be appended, intended and looked at again, and appends nothing", async () => {
  const answer = await decides({
    append: [
      { type: "call.unmatched", stream: name, key: { fact: "new" }, data: { because: "no-phone" }, personal: {} },
    ],
    intend: [{ kind: "ghl.note", effect: "note:1", target: "note", revision: 1, input: { body: "b" } }],
    wake: [{ key: "later", at: now }],
  });
  expect(answer).toEqual({
    outcome: "decides",
    append: [{ type: "call.unmatched", stream: name, key: "new" }],
    intend: [{ kind: "ghl.note", effect: "note:1", target: "note" }],
    wake: [{ key: "later", at: now.toISOString() }],
  });
  expect(await fresh.log.lastPosition()).toBe(event.position);
});

test("what is in the log already would be refused, so it is not told", async () => {
  const { type, key, data } = event;
  const again = { type, stream: name, key: { fact: key }, data, personal: {} } as never;
  expect(await decides({ append: [again] })).toEqual({ outcome: "nothing" });
});

test("what the vendor would be asked is named and not asked", async () => {
  const asks = await would(async (_event, _state, { once }) => {
    await once("contacts", () => Promise.reject(new Error("asked")));
    return {};
  });
  expect(asks).toEqual({ outcome: "asks", what: "contacts" });
});

test("a vendor that a handler asks by itself is kept out by the gate", async () => {
  const { gate } = lookOnlyPlatform({ log: fresh.log, keyring: fresh.keyring, clock }, "a");
  const asks = await would(async () => {
    await gate("ghl", "calls").pass("contacts.get");
    return {};
  });
  expect(asks).toEqual({ outcome: "asks", what: "ghl contacts.get" });
});

test("work under a lease is not done", async () => {
  const answer = await would(() => Promise.reject(new Error("done")), "recording:x");
  expect(answer).toEqual({ outcome: "leases", lease: "recording:x" });
});

test("an error is told in the words in which it would be kept", async () => {
  const answer = await would(() => Promise.reject(new Error("cannot read +1 202 555 0143")));
  expect(answer).toEqual({ outcome: "fails", because: "cannot read <number>" });
  const facts = { vendor: "ghl", operation: "notes.list", consequence: "refused", detail: "no" } as const;
  expect(await would(() => Promise.reject(new VendorError(facts)))).toEqual({
    outcome: "asks",
    what: "ghl notes.list",
  });
});
