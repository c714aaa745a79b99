import { Writable } from "node:stream";
import { openReadModels } from "@callbridge/read-models";
import { freshLog, given, type Told } from "@callbridge/testing";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerCall } from "./call.ts";
import type { CliDeps } from "./deps.ts";
import { registerReadModels } from "./read-models.ts";

let fresh: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

async function callbridge(...words: string[]): Promise<string> {
  let printed = "";
  const sink = (write: (text: string) => void) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        write(chunk.toString());
        done();
      },
    });
  const deps: CliDeps = {
    environment: { DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey },
    stdout: sink((text) => {
      printed += text;
    }),
    stderr: sink(() => undefined),
    clock: () => new Date("2026-11-22T10:15:00Z"),
    signal: new AbortController().signal,
    services: async () => [],
  };
  const program = new Command().exitOverride();
  registerCall(program, deps);
  registerReadModels(program, deps);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    printed += `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return printed;
}

let deliveries = 0;
/** One webhook per call; what it caused carries its id. */
async function receive(...told: Told[]): Promise<void> {
  deliveries += 1;
  const delivery = `01900000-0000-7000-8000-${String(deliveries).padStart(12, "0")}`;
  for (const [index, { type, stream, time, source, data, personal }] of given(...told).entries()) {
    const event = { type, stream, time, source, data, personal, key: { fact: `${stream}/${deliveries}/${index}` } };
    const entry = { id: delivery, account: "default", source: "cloudtalk", endpoint: "call-ended", request: {} };
    await fresh.log.append({
      now: new Date(time),
      ...(index === 0 && { deliveries: [{ ...entry, verdict: "accepted" as const }] }),
      events: [{ account: "default", event: event as never, cause: { correlationId: delivery }, delivery }],
    });
  }
}

describe("callbridge call", () => {
  test("of which nothing is known says what to check, and fails", async () => {
    const text = await callbridge("call", "4711");
    expect(text).toContain("Nothing is known of 4711.");
    expect(text).toContain("No webhook of CloudTalk is among the last ones received");
    expect(text).toContain("failed: there is no such call");
  });

  test("finds a call by either id and by its number, though nothing keeps the tables fresh", async () => {
    await receive("call.ended", "call.identified", "call.matched");
    for (const query of ["1001", "UUID-1", "+39 300 000 0001", "393000000001"]) {
      const text = await callbridge("call", query);
      expect(text).toContain("Call 1001 (uuid-1) · account default");
      expect(text).toContain("2026-11-22 10:05:00  cloudtalk call-ended: accepted");
      expect(text).toContain("Belongs to the GoHighLevel contact GhlContact0000000002");
      expect(text).toContain(
        "It is not in the CRM because the note is not written yet: the ghl-writer service was never",
      );
    }
  });

  test("shows webhooks of the call that brought nothing new", async () => {
    const [event] = given("call.ended");
    const { type = "call.ended", stream = "", time = "", source = "", data, personal } = event ?? {};
    const repeated = { type, stream, time, source, data, personal, key: { fact: `${stream}/1/0` } } as never;
    const id = "01900000-0000-7000-8000-00000000dddd";
    const entry = { id, account: "default", source: "cloudtalk", endpoint: "call-ended", request: {} };
    await fresh.log.append({
      now: new Date("2026-11-22T10:06:00Z"),
      deliveries: [{ ...entry, verdict: "accepted" }],
      events: [{ account: "default", event: repeated, cause: { correlationId: id }, delivery: id }],
    });
    expect(await callbridge("call", "1001")).toContain("2026-11-22 10:06:00  cloudtalk call-ended: duplicate");
  });

  test("of a number explains the newest call and lists the others, or explains all", async () => {
    const newer = { callUuid: "uuid-2", callId: "1002", startedAt: "2026-11-22T10:10:00.000Z" };
    await receive(["call.ended", newer], ["call.identified", { ...newer, outcome: "missed" }]);
    const text = await callbridge("call", "+393000000001");
    expect(text).toContain("Call 1002 (uuid-2)");
    expect(text).toContain("1 older call (--all explains them too):");
    expect(text).not.toContain("Call 1001 (uuid-1)");
    expect(await callbridge("call", "+393000000001", "--all")).toContain("Call 1001 (uuid-1)");
  });

  test("gives the same as data, without personal data unless asked", async () => {
    const text = await callbridge("call", "1001", "--json");
    expect(JSON.parse(text)).toMatchObject({
      calls: [{ title: "Call 1001 (uuid-1)", conclusion: { inCrm: "no" }, facts: [{ type: "call.ended" }, {}, {}] }],
      others: [],
    });
    expect(text).not.toContain("+393000000001");
    expect(await callbridge("call", "1001", "--json", "--personal")).toContain("+393000000001");
  });
});

describe("callbridge read-models", () => {
  test("rebuilds the tables from the log", async () => {
    const head = await fresh.log.lastPosition();
    expect(await callbridge("read-models", "rebuild")).toContain(`the whole log up to position ${head}.`);
    expect(JSON.parse(await callbridge("read-models", "refresh", "--json"))).toEqual({ position: head });
    const models = openReadModels(fresh);
    expect((await models.findCalls("1002")).length).toBe(1);
    await models.close();
  });
});
