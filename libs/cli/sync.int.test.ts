import { type LogEvent, type NewEvent, stream } from "@callbridge/events";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Capture, capture } from "./captured-run.ts";

const now = new Date("2026-11-22T10:00:00.000Z");
let fresh: FreshLog;
let cli: Capture;
beforeAll(async () => {
  fresh = await freshLog();
  cli = capture(fresh, { clock: () => now });
});
afterAll(() => fresh.drop());

const append = (event: Pick<NewEvent, "type" | "data" | "key"> & { stream?: string }) =>
  fresh.log.append({
    now,
    events: [
      {
        account: "default",
        cause: { correlationId: "test" },
        event: {
          ...{ stream: stream.account("default"), time: now.toISOString(), source: "test", personal: {} },
          ...event,
        } as NewEvent,
      },
    ],
  });
const requests = async (): Promise<LogEvent[]> => {
  const { events } = await fresh.log.stream("default", stream.account("default"));
  return events.filter(({ type }) => type === "sync.import_requested");
};
const tally = {
  found: 12,
  linkedBefore: 1,
  linked: 2,
  created: 7,
  ambiguous: 1,
  withoutNumber: 0,
  refused: { "406": 1 },
};

/** What contact-sync says of an import. */
async function answered(key: string): Promise<void> {
  const plan = { expected: tally, requests: { cloudtalk: 560, ghl: 50 }, seconds: 1_200, hidden: "open" as const };
  await append({ type: "sync.import_planned", key: { fact: `${key}/planned` }, data: { import: key, ...plan } });
  await append({ type: "sync.import_finished", key: { fact: `${key}/finished` }, data: { import: key, tally } });
}

describe("an import", () => {
  test("is asked for, followed and told of with all its counts", async () => {
    const running = cli.run("sync", "import", "--from", "ghl", "--dry-run");
    const [request] = await until("it is asked for", async () => {
      const all = await requests();
      return all.length > 0 && all;
    });
    expect(request?.data).toEqual({ from: "ghl", dryRun: true, atOnce: 10 });
    await answered(request?.key ?? "");
    const { code, out, err } = await running;
    expect(code).toBe(0);
    expect(err).toContain("about 20 min");
    expect(out).toContain("Nothing was written (--dry-run)");
    expect(out).toMatch(/12 {2}found[\s\S]* 7 {2}counterparts made[\s\S]* 1 {2}not brought over: 406/);
  });

  test("that is interrupted is followed again, not asked for twice", async () => {
    const interrupted = await cli.runUntil("Asked for it", "sync", "import", "--from", "cloudtalk");
    expect(interrupted).toMatchObject({ code: 1 });
    expect(interrupted.err).toContain("callbridge sync status");
    const asked = await requests();
    const again = await cli.runUntil("under way already", "sync", "import", "--from", "cloudtalk");
    expect(again.err).toContain("this follows it");
    expect(await requests()).toHaveLength(asked.length);
    await answered(asked.at(-1)?.key ?? "");
  });
});

test("the status tells the last sweep, how late it is, and how long once around takes", async () => {
  expect((await cli.run("sync", "status")).out).toContain("No sweep since yesterday");
  const hints = { changed: 2, added: 1, vanished: 0, tags: 3 };
  const counts = { contacts: 5_000, highestId: 9, crawled: 4_800, crawlSeconds: 28_800, hints };
  const changedUntil = "2026-11-22T09:50:00.000Z";
  for (const name of ["one", "two"]) {
    const about = { stream: stream.sweeps("2026-11-22"), key: { fact: name } };
    await append({ type: "sync.swept", ...about, data: { changedUntil, ...counts } });
  }
  const { out } = await cli.run("sync", "status");
  expect(out).toContain("looked at up to about 10 min ago");
  expect(out).toContain("4 changed in GoHighLevel; in CloudTalk 2 new, 0 gone, 6 with other tags");
  expect(out).toContain("4800 of them are opened in turn, once around in about 8 h");
  expect((await cli.run("sync", "status", "--json")).json()).toMatchObject({
    sweeps: { lagSeconds: 600, crawlSeconds: 28_800 },
    imports: [
      { from: "ghl", isFinished: true },
      { from: "cloudtalk", isFinished: true },
    ],
  });
});
