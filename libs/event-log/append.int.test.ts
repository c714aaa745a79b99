import { canonicalText, type NewEvent, stream } from "@callbridge/events";
import { freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StreamMovedOn } from "./append.ts";

let fresh: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

const now = new Date("2026-11-22T10:00:00.000Z");
const cause = { correlationId: "delivery-1" };

function ended(uuid: string, extra: { callId?: string; phone?: string } = {}): NewEvent {
  return {
    type: "call.ended",
    stream: stream.callByUuid(uuid),
    key: { fact: `${stream.callByUuid(uuid)}/ended` },
    time: now.toISOString(),
    source: "cloudtalk",
    data: { callUuid: uuid, ...(extra.callId && { callId: extra.callId }) } as never,
    personal: { externalPhone: extra.phone ?? "+12025550143" },
  };
}
const put = (...events: NewEvent[]) =>
  fresh.log.append({ now, events: events.map((event) => ({ account: "a", event, cause })) });

describe("append", () => {
  test("gives gapless positions and reads back what was written, personal data included", async () => {
    const first = await put(ended("p1"), ended("p2"));
    expect(first.events.map((event) => event.added)).toEqual([true, true]);
    const [one, two] = first.events.map((event) => event.position);
    expect(two).toBe((one ?? 0) + 1);
    const {
      events: [event],
    } = await fresh.log.stream("a", stream.callByUuid("p1"));
    expect(event).toMatchObject({ type: "call.ended", personal: { externalPhone: "+12025550143" }, erased: false });
  });

  test("a repeated key adds nothing, burns no position and names the earlier event", async () => {
    const before = await fresh.log.lastPosition();
    const [first] = (await put(ended("d1"))).events;
    const again = await put(ended("d1"), ended("d2"), ended("d2"));
    expect(again.events.map((event) => event.added)).toEqual([false, true, false]);
    expect(again.events[0]?.id).toBe(first?.id);
    expect(await fresh.log.lastPosition()).toBe(before + 2);
  });

  test("a state that returns is a new fact, a repeat in a row is not", async () => {
    const stage = (content: string): NewEvent => ({
      type: "opportunity.stage_changed",
      stream: stream.opportunity("o1"),
      key: { entity: "opportunity:o1/stage", content, mode: "state" },
      time: now.toISOString(),
      source: "ghl",
      data: { stageName: content } as never,
      personal: {},
    });
    const added: boolean[] = [];
    for (const name of ["A", "A", "B", "A", "B", "B"]) {
      for (const event of (await put(stage(name))).events) added.push(event.added);
    }
    expect(added).toEqual([true, false, true, true, true, false]);
    const batch = await put(stage("C"), stage("C"), stage("A"));
    expect(batch.events.map((event) => event.added)).toEqual([true, false, true]);
  });

  test("the same content without an id is one event within ten minutes and another one later", async () => {
    const event: NewEvent = {
      ...ended("ignored"),
      stream: stream.callWithoutId("h1"),
      key: { entity: "call:x/started", content: "h1", mode: "repeat" },
    };
    const at = async (minutes: number) => {
      const moment = new Date(now.getTime() + minutes * 60_000);
      return (await fresh.log.append({ now: moment, events: [{ account: "a", event, cause }] })).events[0]?.added;
    };
    expect([await at(0), await at(9), await at(18), await at(29)]).toEqual([true, false, false, true]);
  });

  test("two ids that meet in one event make one subject", async () => {
    await put({ ...ended("l1"), stream: stream.callById("71"), key: { fact: "call:n:71/recording" } });
    await put(ended("l1", { callId: "71" }));
    const byId = await fresh.log.stream("a", stream.callById("71"));
    const byUuid = await fresh.log.stream("a", stream.callByUuid("l1"));
    expect(byId.events.map((event) => event.key)).toEqual(["call:n:71/recording", "call:u:l1/ended"]);
    expect(byUuid).toEqual(byId);
  });

  test("refuses to append to a subject that moved on, whichever of its streams moved", async () => {
    await put(ended("m1", { callId: "81" }));
    const position = await fresh.log.lastPosition();
    await put({ ...ended("m1"), stream: stream.callById("81"), key: { fact: "call:n:81/recording" } });
    const late = fresh.log.append({
      now,
      events: [{ account: "a", event: { ...ended("m1"), key: { fact: "call:u:m1/late" } }, cause }],
      expect: [{ account: "a", stream: stream.callByUuid("m1"), position }],
    });
    await expect(late).rejects.toThrow(StreamMovedOn);
  });

  test("stores a delivery with its events, once per delivery id", async () => {
    const deliver = (id: string, uuid: string) =>
      fresh.log.append({
        now,
        deliveries: [
          {
            id,
            account: "a",
            source: "ghl",
            endpoint: "app",
            deliveryId: "w1",
            verdict: "accepted",
            request: { body: "x" },
          },
        ],
        events: [{ account: "a", event: ended(uuid), cause, delivery: id }],
      });
    const first = "01900000-0000-7000-8000-000000000001";
    const second = "01900000-0000-7000-8000-000000000002";
    expect((await deliver(first, "w-1")).verdicts).toEqual({ [first]: "accepted" });
    const again = await deliver(second, "w-2");
    expect(again).toEqual({ events: [], verdicts: { [second]: "duplicate" } });
  });

  test("erased personal data is gone for every reader, and later facts of the subject are kept", async () => {
    await put(ended("e1"));
    await fresh.log.erase("a", stream.callByUuid("e1"));
    await put({ ...ended("e1", { phone: "+12025550199" }), key: { fact: "call:u:e1/modified" } });
    const { events } = await fresh.log.stream("a", stream.callByUuid("e1"));
    expect(events.map((event) => [event.erased, event.personal])).toEqual([
      [true, {}],
      [false, { externalPhone: "+12025550199" }],
    ]);
  });

  test("refuses an event larger than the limit and says what to do", async () => {
    const huge = ended("h1", { phone: "x".repeat(70_000) });
    await expect(put(huge)).rejects.toThrow(/put its content into storage/);
  });

  test("no phone number and no plain text lies in the database", async () => {
    await put(ended("s1", { phone: "+12025550177" }));
    const events = await fresh.log.after(0, 1000);
    expect(canonicalText(events.map(({ personal: _, ...visible }) => visible))).not.toContain("12025550177");
  });
});

test("sixteen concurrent writers leave no gap, and a reader by position misses nothing", async () => {
  const before = await fresh.log.lastPosition();
  const seen: number[] = [];
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    for (let turn = 0; turn < 20; turn++) await put(ended(`c-${writer}-${turn}`), ended(`c-${writer}-${turn - 1}`));
  });
  const reading = (async () => {
    let cursor = before;
    while (seen.length < 16 * 21) {
      for (const event of await fresh.log.announcements(cursor, 50)) {
        cursor = event.position;
        seen.push(event.position);
      }
    }
  })();
  await Promise.all([...writers, reading]);
  expect(seen).toEqual(Array.from({ length: 16 * 21 }, (_, index) => before + 1 + index));
});
