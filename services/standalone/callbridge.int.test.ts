import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue, stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const executable = join(import.meta.dirname, "callbridge.ts");
let fresh: FreshLog;
let dataDir: string;
beforeAll(async () => {
  fresh = await freshLog();
  dataDir = await mkdtemp(join(tmpdir(), "callbridge-cli-"));
  const name = stream.callByUuid("exe");
  const data = catalogue["call.identified"].data.parse({
    ...{ callUuid: "exe", callId: "1", direction: "inbound", outcome: "answered", because: "reports" },
  });
  const common = { stream: name, time: new Date().toISOString(), source: "cloudtalk" };
  const cause = { correlationId: "c" };
  await fresh.log.append({
    now: new Date(),
    events: [
      {
        account: "default",
        cause,
        event: {
          ...common,
          type: "call.ended",
          key: { fact: `${name}/ended` },
          data: catalogue["call.ended"].data.parse({ callUuid: "exe", callId: "1" }),
          personal: { externalPhone: "+12025550143" },
        },
      },
      {
        account: "default",
        cause,
        event: { ...common, type: "call.identified", key: { fact: `${name}/identified` }, data, personal: {} },
      },
    ],
  });
});
afterAll(async () => {
  await fresh.drop();
  await rm(dataDir, { recursive: true });
});

/** Runs the executable as a process of its own, with nothing in its environment but the database. */
async function callbridge(...words: string[]) {
  const child = spawn(process.execPath, [executable, ...words], {
    env: { PATH: process.env.PATH, DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey, DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
}

test("the executable speaks to the database and prints what was asked for to stdout only", async () => {
  const { code, out, err } = await callbridge("events", "list", "--format", "ndjson");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type),
  ).toEqual(["call.ended", "call.identified"]);
});

test("a dry run of a replay asks the real handlers, without any vendor configured", async () => {
  const { code, out, err } = await callbridge("replay", "--dry-run");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/contact-sync +identify +do nothing +1/);
  expect(out).toMatch(/contact-sync +match +ask the vendor and then decide +1 +2 contacts/);
  expect(out).toMatch(/recording +recording +work under a lease +2/);
});

test("a command that does not exist ends with 2, a failure with 1", async () => {
  expect((await callbridge("sing")).code).toBe(2);
  expect((await callbridge("dead", "show", "nothing")).code).toBe(1);
});
