import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";
import { answeredCall, callEnded, put } from "./sample-events.ts";

let fresh: FreshLog;
let cli: Capture;
let directory: string;
beforeAll(async () => {
  fresh = await freshLog();
  cli = capture(fresh);
  directory = await mkdtemp(join(tmpdir(), "callbridge-cli-"));
  // Three calls; the third under both of its ids.
  await put(fresh.log, new Date("2026-11-20T10:00:00Z"), callEnded("one"), callEnded("two"));
  await put(fresh.log, new Date("2026-11-21T10:00:00Z"), callEnded("three"), answeredCall("three", "333"));
});
afterAll(async () => {
  await fresh.drop();
  await rm(directory, { recursive: true });
});

const positions = (text: string) => lines(text).map((line) => (JSON.parse(line) as { position: number }).position);
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

describe("events list", () => {
  test("shows the last events, oldest first, with personal data masked", async () => {
    const { code, out, err } = await cli.run("events", "list", "--limit", "3");
    expect(code).toBe(0);
    const [header, ...rows] = lines(out);
    expect(header).toMatch(/position +time +type +stream +data/);
    expect(rows.map((row) => row.trim().split(" ")[0])).toEqual(["2", "3", "4"]);
    expect(out).toContain("externalPhone=•••43");
    expect(out).not.toContain("2025550143");
    expect(err).toContain("--limit shows more");
  });

  test("shows personal data whole when asked", async () => {
    expect((await cli.run("events", "list", "--personal")).out).toContain("+12025550143");
  });

  test.each([
    ["by type", ["--type", "call.identified"], [4]],
    ["by two types", ["--type", "call.identified", "--type", "call.ended"], [1, 2, 3, 4]],
    ["by stream, with those linked to it", ["--stream", "call:n:333"], [3, 4]],
    ["by position", ["--from", "2", "--to", "3"], [2, 3]],
    ["by time", ["--from", "2026-11-20T12:00:00Z", "--to", "2026-11-22"], [3, 4]],
    ["by account", ["--account", "nobody"], []],
    ["by what caused them", ["--correlation", "delivery-of-three"], [3]],
  ])("chooses %s", async (_how, words, expected) => {
    const { code, out } = await cli.run("events", "list", "--format", "ndjson", ...words);
    expect(code).toBe(0);
    expect(positions(out)).toEqual(expected);
  });

  test("follows new events until it is interrupted", async () => {
    const following = cli.start("events", "list", "--follow", "--type", "call.noted", "--format", "ndjson");
    await put(fresh.log, new Date(), callEnded("four"));
    await put(fresh.log, new Date(), { ...callEnded("four"), type: "call.noted", key: { fact: "noted" } });
    await following.printed("call.noted");
    const { code, out } = await following.interrupt();
    expect(code).toBe(0);
    expect(lines(out)).toHaveLength(1);
  });

  test("says how a wrong time is meant to be given, and ends with 2", async () => {
    const { code, err } = await cli.run("events", "list", "--from", "yesterday");
    expect(code).toBe(2);
    expect(err).toContain("Give a time such as");
  });
});

describe("events show", () => {
  test("shows one event by position or by id", async () => {
    const byPosition = (await cli.run("events", "show", "4")).json() as { id: string };
    expect(byPosition).toMatchObject({ type: "call.identified", data: { callId: "333" } });
    expect((await cli.run("events", "show", byPosition.id)).json()).toEqual(byPosition);
  });

  test("an unknown one is an error that says what to do", async () => {
    const { code, out, err } = await cli.run("events", "show", "4711");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("The log has no event 4711");
  });
});

describe("events export", () => {
  test("writes all events into a file that appears when it is complete", async () => {
    const file = join(directory, "events.ndjson");
    const { code, out, err } = await cli.run("events", "export", "--to", "4", "--out", file);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toContain("4 events exported");
    expect(positions(await readFile(file, "utf8"))).toEqual([1, 2, 3, 4]);
    expect(await readdir(directory)).toEqual(["events.ndjson"]);
  });

  test("writes CSV to stdout, one header and one row for each event", async () => {
    const { out } = await cli.run("events", "export", "--format", "csv", "--type", "call.ended", "--to", "4");
    const [header, ...rows] = lines(out);
    expect(header?.split(",").slice(0, 3)).toEqual(["position", "time", "recordedAt"]);
    expect(rows).toHaveLength(3);
  });

  test("a place that cannot be written to is an error, not a crash", async () => {
    const { code, err } = await cli.run("events", "export", "--out", join(directory, "no", "where"));
    expect(code).toBe(1);
    expect(err).toContain("cannot be written");
  });

  test("erased personal data stays out, asked for or not", async () => {
    await fresh.log.erase("default", stream.callByUuid("one"));
    const { out } = await cli.run("events", "export", "--personal", "--to", "1");
    expect(JSON.parse(out)).toMatchObject({ erased: true });
    expect(out).not.toContain("2025550143");
  });
});
