import { type NewEvent, stream } from "@callbridge/events";
import { describe, expect, test } from "vitest";
import { StreamMovedOn } from "./append.ts";
import type { EventLog } from "./index.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
const cause = { correlationId: "delivery-1" };

export function ended(uuid: string, extra: { callId?: string; phone?: string } = {}): NewEvent {
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

/** What every log must do, whatever keeps it: PostgreSQL, or the memory of a simulation. */
export function logConformance(log: () => EventLog): void {
  const put = (...events: NewEvent[]) =>
    log().append({ now, events: events.map((event) => ({ account: "a", event, cause })) });

  describe("append", () => {
    test("gives gapless positions and reads back what was written, personal data included", async () => {
      const first = await put(ended("p1"), ended("p2"));
      expect(first.events.map((event) => event.added)).toEqual([true, true]);
      const [one, two] = first.events.map((event) => event.position);
      expect(two).toBe((one ?? 0) + 1);
      const {
        events: [event],
      } = await log().stream("a", stream.callByUuid("p1"));
      expect(event).toMatchObject({ type: "call.ended", personal: { externalPhone: "+12025550143" }, erased: false });
    });

    test("a repeated key adds nothing, burns no position and names the earlier event", async () => {
      const before = await log().lastPosition();
      const [first] = (await put(ended("d1"))).events;
      const again = await put(ended("d1"), ended("d2"), ended("d2"));
      expect(again.events.map((event) => event.added)).toEqual([false, true, false]);
      expect(again.events[0]?.id).toBe(first?.id);
      expect(await log().lastPosition()).toBe(before + 2);
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
        return (await log().append({ now: moment, events: [{ account: "a", event, cause }] })).events[0]?.added;
      };
      expect([await at(0), await at(9), await at(18), await at(29)]).toEqual([true, false, false, true]);
    });

    test("linked contacts are one subject until they are unlinked, and can be linked again", async () => {
      const ids = { cloudtalkContactId: "81", ghlContactId: "g81" };
      const fact = (type: "contact.linked" | "contact.unlinked", name: string, key: string) =>
        ({
          ...ended("x"),
          type,
          stream: name,
          key: { fact: key },
          data: { ...ids, because: "person" },
          personal: {},
        }) as NewEvent;
      const [cloudtalk, ghl] = [stream.cloudtalkContact("81"), stream.ghlContact("g81")];
      const seenFrom = async (name: string) => (await log().stream("a", name)).events.map(({ key }) => key);

      await put(fact("contact.linked", ghl, "link:81"));
      expect(await seenFrom(cloudtalk)).toEqual(["link:81"]);
      await put(fact("contact.unlinked", cloudtalk, "part:81"), fact("contact.unlinked", ghl, "part:g81"));
      expect(await seenFrom(cloudtalk)).toEqual(["part:81"]);
      expect(await seenFrom(ghl)).toEqual(["link:81", "part:g81"]);
      await put(fact("contact.linked", ghl, "link:81:1"));
      expect(await seenFrom(cloudtalk)).toEqual(["link:81", "part:81", "part:g81", "link:81:1"]);
    });

    test("two ids that meet in one event make one subject", async () => {
      await put({ ...ended("l1"), stream: stream.callById("71"), key: { fact: "call:n:71/recording" } });
      await put(ended("l1", { callId: "71" }));
      const byId = await log().stream("a", stream.callById("71"));
      const byUuid = await log().stream("a", stream.callByUuid("l1"));
      expect(byId.events.map((event) => event.key)).toEqual(["call:n:71/recording", "call:u:l1/ended"]);
      expect(byUuid).toEqual(byId);
    });

    test("refuses to append to a subject that moved on, whichever of its streams moved", async () => {
      await put(ended("m1", { callId: "81" }));
      const position = await log().lastPosition();
      await put({ ...ended("m1"), stream: stream.callById("81"), key: { fact: "call:n:81/recording" } });
      const late = log().append({
        now,
        events: [{ account: "a", event: { ...ended("m1"), key: { fact: "call:u:m1/late" } }, cause }],
        expect: [{ account: "a", stream: stream.callByUuid("m1"), position }],
      });
      await expect(late).rejects.toThrow(StreamMovedOn);
    });

    test("stores a delivery with its events, once per delivery id", async () => {
      const deliver = (id: string, uuid: string) =>
        log().append({
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

    test("refuses an event larger than the limit and says what to do", async () => {
      const huge = ended("h1", { phone: "x".repeat(70_000) });
      await expect(put(huge)).rejects.toThrow(/put its content into storage/);
    });

    test("keeps, in a batch of deliveries, one of those that share an id", async () => {
      const delivery = { account: "a", source: "ghl", endpoint: "app", verdict: "accepted", request: {} } as const;
      const [first, second, third] = [1, 2, 3].map((number) => `01900000-0000-7000-8000-0000000001${number}0`);
      const { verdicts, events } = await log().append({
        now,
        deliveries: [first, second, third].map((id = "", index) => ({
          ...{ ...delivery, id, deliveryId: index < 2 ? "batch-1" : undefined },
        })),
        events: [first, second, third].map((id, index) => ({
          ...{ account: "a", event: ended(index < 2 ? `batch-${index}` : "batch-0"), cause, delivery: id },
        })),
      });
      expect(verdicts).toEqual({ [first ?? ""]: "accepted", [second ?? ""]: "duplicate", [third ?? ""]: "duplicate" });
      expect(events.map(({ added, delivery: by }) => [added, by])).toEqual([
        [true, first],
        [false, third],
      ]);
    });

    test("writes timers together with the events, or neither", async () => {
      const limits = { fresh: new Map([["a", 1]]), suspects: 1 };
      const due = [{ consumer: "together", key: "k", position: 1, at: now, attempt: 0, because: "timer" }];
      await put(ended("t1"));
      const position = (await log().lastPosition()) - 1;
      const late = { account: "a", stream: stream.callByUuid("t1"), position };
      const refused = log().append({ now, events: [{ account: "a", event: ended("t2"), cause }], due, expect: [late] });
      await expect(refused).rejects.toThrow(StreamMovedOn);
      expect(await log().claimDue("together", now, limits, 1_000)).toEqual([]);
      await log().append({ now, events: [{ account: "a", event: ended("t2"), cause }], due });
      expect(await log().claimDue("together", now, limits, 1_000)).toHaveLength(1);
    });

    test("tells which streams have an event of a type, also by a link", async () => {
      const started = { ...ended("k2"), type: "call.started", key: { fact: "call:u:k2/started" } } as NewEvent;
      await put(ended("k1", { callId: "91" }), started);
      const names = [stream.callById("91"), stream.callByUuid("k2"), stream.callByUuid("nobody")];
      expect(await log().knownStreams("a", names, ["call.ended"])).toEqual(new Set([stream.callById("91")]));
      expect(await log().knownStreams("b", names, ["call.ended"])).toEqual(new Set());
    });

    test("finds the last event of some kinds in all streams whose names begin alike", async () => {
      const started = { ...ended("last-1"), type: "call.started", key: { fact: "call:u:last-1/started" } } as NewEvent;
      await put(started, ended("last-1"), ended("last-2"), ended("other-1"));
      const last = await log().lastInStreams("a", stream.callByUuid("last-"), ["call.started", "call.ended"]);
      expect(last.map(({ stream: name, type }) => `${name} ${type}`).sort()).toEqual([
        `${stream.callByUuid("last-1")} call.ended`,
        `${stream.callByUuid("last-2")} call.ended`,
      ]);
      expect(last.every(({ recordedAt }) => recordedAt.getTime() === now.getTime())).toBe(true);
      expect(await log().lastInStreams("a", stream.callByUuid("last-"), ["call.tagged"])).toEqual([]);
      expect(await log().lastInStreams("b", stream.callByUuid("last-"), ["call.ended"])).toEqual([]);
    });

    test("finds the effects on one target, whatever stream they are in", async () => {
      const intended = (effect: string): NewEvent => ({
        ...{ type: "effect.intended", stream: stream.callByUuid(effect), key: { fact: `effect:${effect}/intended` } },
        ...{ time: now.toISOString(), source: "test", personal: { input: { body: effect } } },
        data: { effect, kind: "ghl.note", target: "one target", revision: 1 },
      });
      await put(intended("e-1"), ended("e-2"), intended("e-3"));
      const events = await log().target("a", "one target");
      expect(events.map(({ personal }) => personal)).toEqual([{ input: { body: "e-1" } }, { input: { body: "e-3" } }]);
      expect(await log().target("b", "one target")).toEqual([]);
    });
  });

  test("sixteen concurrent writers leave no gap, and a reader by position misses nothing", async () => {
    const before = await log().lastPosition();
    const seen: number[] = [];
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let turn = 0; turn < 20; turn++) await put(ended(`c-${writer}-${turn}`), ended(`c-${writer}-${turn - 1}`));
    });
    const reading = (async () => {
      let cursor = before;
      while (seen.length < 16 * 21) {
        for (const event of await log().announcements(cursor, 50)) {
          cursor = event.position;
          seen.push(event.position);
        }
      }
    })();
    await Promise.all([...writers, reading]);
    expect(seen).toEqual(Array.from({ length: 16 * 21 }, (_, index) => before + 1 + index));
  });
}
