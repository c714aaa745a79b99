import { type NewEvent, stream } from "@callbridge/events";
import pg from "pg";
import { expect, test } from "vitest";
import type { Append, Appended } from "./append.ts";
import { batched } from "./batch.ts";

const now = new Date("2026-11-22T10:00:00.000Z");

function delivery(id: string, at = now): Append {
  const event = {
    type: "agent.status_changed" as const,
    stream: stream.agent(id),
    key: { fact: id },
    time: now.toISOString(),
    source: "cloudtalk",
    data: { agentId: id, status: "online" },
    personal: {},
  };
  return {
    now: at,
    deliveries: [{ id, account: "a", source: "cloudtalk", endpoint: "x", verdict: "accepted", request: {} }],
    events: [{ account: "a", event, cause: { correlationId: id }, delivery: id }],
  };
}

function unlinking(id: string): Append {
  const event = {
    type: "contact.unlinked" as const,
    stream: stream.agent(id),
    key: { fact: id },
    time: now.toISOString(),
    source: "contact-sync",
    data: { cloudtalkContactId: "1", ghlContactId: "g" },
    personal: {},
  } as unknown as NewEvent;
  return { now, events: [{ account: "a", event, cause: { correlationId: id } }] };
}

/** A log that answers when told, and refuses what `isBad` says as PostgreSQL does. */
function slowLog(isBad: (request: Append) => Error | undefined = () => undefined) {
  const calls: string[][] = [];
  const open: (() => void)[] = [];
  const append = async (requests: Append[]): Promise<Appended[]> => {
    calls.push(requests.flatMap(({ events = [] }) => events.map(({ event }) => event.stream.replace("agent:", ""))));
    await new Promise<void>((resolve) => open.push(resolve));
    const error = requests.map(isBad).find((one) => one !== undefined);
    if (error) throw error;
    return requests.map(answer);
  };
  const answer = (request: Append): Appended => {
    const ids = (request.deliveries ?? []).map(({ id }) => id);
    const events = (request.events ?? []).map(({ event, delivery = null }, place) => {
      return {
        id: `event of ${delivery}`,
        position: place + 1,
        stream: event.stream,
        type: event.type,
        added: true,
        delivery,
      };
    });
    return { events, verdicts: Object.fromEntries(ids.map((id) => [id, "accepted" as const])) };
  };
  /** Lets every call that was made answer, until no new one comes. */
  const answerAll = async () => {
    for (let turn = 0; turn < 20; turn++) {
      for (const answer of open.splice(0)) answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { calls, append: batched(append), answerAll };
}

test("two go at once, those that come meanwhile go together, each gets its own answer", async () => {
  const { calls, append, answerAll } = slowLog();
  const answers = Promise.all(["1", "2", "3", "4"].map((id) => append(delivery(id))));
  await answerAll();
  expect(calls).toEqual([["1"], ["2"], ["3", "4"]]);
  expect((await answers).map(({ events, verdicts }) => [events.map(({ id }) => id), verdicts])).toEqual(
    ["1", "2", "3", "4"].map((id) => [[`event of ${id}`], { [id]: "accepted" }]),
  );
});

test("one bad delivery is refused alone", async () => {
  const refused = new pg.DatabaseError("a date before the year 1", 0, "error");
  const isBad = (request: Append) => (request.deliveries?.some(({ id }) => id === "4") ? refused : undefined);
  const { append, answerAll } = slowLog(isBad);
  const answers = Promise.allSettled(["1", "2", "3", "4", "5"].map((id) => append(delivery(id))));
  await answerAll();
  const statuses = (await answers).map(({ status }) => status);
  expect(statuses).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"]);
});

test("when the log cannot be reached all of a batch are told, and nothing is sent again", async () => {
  const { calls, append, answerAll } = slowLog(() => new Error("connection terminated"));
  const answers = Promise.allSettled(["1", "2", "3", "4"].map((id) => append(delivery(id))));
  await answerAll();
  expect((await answers).map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
  expect(calls).toEqual([["1"], ["2"], ["3", "4"]]);
});

test("a batch is bounded, and holds only what was received at one time", async () => {
  const { calls, append, answerAll } = slowLog();
  const old = new Date(now.getTime() - 3_600_000);
  const requests = Array.from({ length: 152 }, (_, index) => delivery(String(index), index < 141 ? now : old));
  const answers = Promise.all(requests.map(append));
  await answerAll();
  await answers;
  expect(calls.map((ids) => ids.length)).toEqual([1, 1, 64, 64, 11, 11]);
});

test("an append that expects something of a stream, or parts two, goes alone and at once", async () => {
  const { calls, append, answerAll } = slowLog();
  const expecting = { ...delivery("4"), expect: [{ account: "a", stream: "s", position: 1 }] };
  const answers = Promise.all([delivery("1"), delivery("2"), delivery("3"), expecting, unlinking("5")].map(append));
  await answerAll();
  await answers;
  expect(calls).toEqual([["1"], ["2"], ["4"], ["5"], ["3"]]);
});

test("a batch of large requests is smaller", async () => {
  const { calls, append, answerAll } = slowLog();
  const large = (name: string): Append => {
    const events = Array.from({ length: 400 }, (_, index) => delivery(`${name}-${index}`).events ?? []).flat();
    return { now, events: events.map(({ delivery: _, ...event }) => event) };
  };
  const answers = Promise.all(["1", "2", "3", "4", "5"].map((name) => append(large(name))));
  await answerAll();
  expect((await answers).map(({ events }) => events.length)).toEqual(Array(5).fill(400));
  expect(calls.map(({ length }) => length)).toEqual([400, 400, 800, 400]);
});
