import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { until } from "@callbridge/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Ingress, openIngress, secrets } from "./given.ts";

const callEnded = "/api/cloudtalk-webhooks/call-ended";
const body = { call_uuid: "u1", external_number: 393331234567 };

let opened: { ingress: Ingress; wire: Wire } | undefined;
afterEach(async () => {
  await opened?.ingress.close();
  opened?.wire.close();
  opened = undefined;
});
async function open() {
  const wire = newWire();
  opened = { ingress: await openIngress(wire.to), wire };
  return opened;
}

describe("while the database does not answer", () => {
  test("webhooks are spooled, and the reasons are logged without what they said", async () => {
    const { ingress, wire } = await open();
    wire.cut();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ingress.post(callEnded, body)));
    for (const answer of answers) expect(answer).toMatchObject({ status: 202, verdict: "stored", eventIds: [] });
    const written = ingress.lines.join("");
    expect(written).toContain("spooling");
    for (const known of ["393331234567", ...secrets.cloudtalk]) expect(written).not.toContain(known);
    const files = await spooled(ingress);
    expect(files).toHaveLength(30);
    const content = await Promise.all(files.map((file) => readFile(file, "latin1")));
    expect(content.join("")).not.toContain("393331234567");
  });

  test("wrong credentials are refused all the same, and the process is alive but not ready", async () => {
    const { ingress, wire } = await open();
    wire.cut();
    expect((await ingress.post(callEnded, body, {})).status).toBe(401);
    const [alive, ready] = [await ingress.app.inject("/healthz"), await ingress.app.inject("/readyz")];
    expect([alive.statusCode, alive.json()]).toEqual([200, { status: "ok" }]);
    expect([ready.statusCode, ready.json()]).toEqual([
      ...[503, { status: "not ready", reasons: ["the database does not answer"] }],
    ]);
  });

  test("and the disk does not take them either, webhooks are put off with 503 and a time to wait", async () => {
    const { ingress, wire } = await open();
    wire.cut();
    await rm(join(ingress.config.DATA_DIR, "spool"), { recursive: true });
    const answer = await ingress.post(callEnded, body);
    expect(answer).toMatchObject({ status: 503, retryAfter: "5", error: expect.stringContaining("send it again") });
  });
});

test("what was spooled is stored in the order of arrival, before what came later, and only once", async () => {
  const { ingress, wire } = await open();
  wire.cut();
  const stages = ["A", "B", "A", "A", "B"];
  const stage = "/api/ghl-webhooks/pipeline-stage-changed";
  const changed = (name: string) => ({
    contact_id: "Contact00001",
    opportunityId: "Opportunity1",
    pipelineStageId: name,
  });
  for (const name of stages) expect((await ingress.post(stage, changed(name))).verdict).toBe("stored");
  wire.mend();
  expect((await ingress.post(stage, changed("C"))).status).toBe(202);
  const events = await until("the spool is empty", async () => {
    const stored = await ingress.events();
    return stored.length === 5 && (await spooled(ingress)).length === 0 ? stored : undefined;
  });
  expect(events.map(({ data }) => "stageId" in data && data.stageId)).toEqual(["A", "B", "A", "B", "C"]);
  expect(await ingress.inbox()).toHaveLength(6);
});

test("a delivery that was stored although the answer was lost is not stored twice", async () => {
  const { ingress, wire } = await open();
  expect((await ingress.post(callEnded, { call_uuid: "u0" })).status).toBe(202);
  wire.loseAnswers();
  expect((await ingress.post(callEnded, body)).verdict).toBe("stored");
  wire.mend();
  await until("the spool is empty", async () => (await spooled(ingress)).length === 0);
  const [, stored, ...others] = await ingress.events();
  expect([stored?.stream, others]).toEqual(["call:u:u1", []]);
});

test("a spooled file that was damaged is kept aside and holds up nobody", async () => {
  const { ingress, wire } = await open();
  wire.cut();
  await ingress.post(callEnded, { call_uuid: "broken" });
  await ingress.post(callEnded, { call_uuid: "whole" });
  const [first = ""] = await spooled(ingress);
  await writeFile(first, "torn");
  wire.mend();
  const [event, ...others] = await until("it is stored", async () => {
    const events = await ingress.events();
    return events.length > 0 ? events : undefined;
  });
  expect([event?.stream, others]).toEqual(["call:u:whole", []]);
  expect(await readFile(`${first}.unreadable`, "utf8")).toBe("torn");
});

async function spooled({ config }: Ingress): Promise<string[]> {
  const directory = join(config.DATA_DIR, "spool");
  return (await readdir(directory))
    .filter((name) => name.endsWith(".spool"))
    .sort()
    .map((name) => join(directory, name));
}

type Wire = ReturnType<typeof newWire>;

/** The connection between the app and its database, with faults on demand. */
function newWire() {
  let state: "whole" | "cut" | "answers are lost" = "whole";
  const sockets = new Set<Socket>();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  let target: URL | undefined;
  const server = createServer((client) => {
    if (state === "cut" || !target) return void client.destroy();
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // Either end may be reset when the other one is dropped; that is what is tested.
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    // PostgreSQL answers after its commit: whoever asked loses the connection, and what it asked for is done.
    upstream.on("data", (bytes) => (state === "answers are lost" ? client.destroy() : client.write(bytes)));
  });
  return {
    to: async (databaseUrl: string) => {
      target = new URL(databaseUrl);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(typeof address === "object" ? address?.port : "");
      return url.href;
    },
    cut: () => {
      state = "cut";
      drop();
    },
    loseAnswers: () => {
      state = "answers are lost";
    },
    mend: () => {
      state = "whole";
    },
    close: () => {
      drop();
      server.close();
    },
  };
}
