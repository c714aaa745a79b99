import { stream } from "@callbridge/events";
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

/** A log that answers when told, and refuses what `isBad` says as PostgreSQL does. */
function slowLog(isBad: (request: Append) => Error | undefined = () => undefined) {
  const calls: string[][] = [];
  const open: (() => void)[] = [];
  const append = async (request: Append): Promise<Appended> => {
    const ids = (request.deliveries ?? []).map(({ id }) => id);
    calls.push(ids);
    await new Promise<void>((resolve) => open.push(resolve));
    const error = isBad(request);
    if (error) throw error;
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

test("the first delivery goes at once, those that come meanwhile go together, each gets its own answer", async () => {
  const { calls, append, answerAll } = slowLog();
  const answers = Promise.all(["1", "2", "3"].map((id) => append(delivery(id))));
  await answerAll();
  expect(calls).toEqual([["1"], ["2", "3"]]);
  expect((await answers).map(({ events, verdicts }) => [events.map(({ id }) => id), verdicts])).toEqual(
    ["1", "2", "3"].map((id) => [[`event of ${id}`], { [id]: "accepted" }]),
  );
});

test("one bad delivery is refused alone", async () => {
  const refused = new pg.DatabaseError("a date before the year 1", 0, "error");
  const isBad = (request: Append) => (request.deliveries?.some(({ id }) => id === "3") ? refused : undefined);
  const { append, answerAll } = slowLog(isBad);
  const answers = Promise.allSettled(["1", "2", "3", "4"].map((id) => append(delivery(id))));
  await answerAll();
  expect((await answers).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
});

test("when the log cannot be reached all of a batch are told, and nothing is sent again", async () => {
  const { calls, append, answerAll } = slowLog(() => new Error("connection terminated"));
  const answers = Promise.allSettled(["1", "2", "3"].map((id) => append(delivery(id))));
  await answerAll();
  expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(calls).toEqual([["1"], ["2", "3"]]);
});

test("a batch is bounded, and holds only what was received at one time", async () => {
  const { calls, append, answerAll } = slowLog();
  const old = new Date(now.getTime() - 3_600_000);
  const requests = Array.from({ length: 151 }, (_, index) => delivery(String(index), index < 140 ? now : old));
  const answers = Promise.all(requests.map(append));
  await answerAll();
  await answers;
  expect(calls.map((ids) => ids.length)).toEqual([1, 64, 64, 11, 11]);
});

test("an append that expects something of a stream goes alone and at once", async () => {
  const { calls, append, answerAll } = slowLog();
  const expecting = { ...delivery("2"), expect: [{ account: "a", stream: "s", position: 1 }] };
  const answers = Promise.all([append(delivery("1")), append(expecting), append({ now, events: [] })]);
  await answerAll();
  await answers;
  expect(calls).toEqual([["1"], ["2"], []]);
});
