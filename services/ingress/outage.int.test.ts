import { connect, createServer, type Socket } from "node:net";
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
  test("webhooks are put off with 503 and a time to wait, and the reasons are logged without what they said", async () => {
    const { ingress, wire } = await open();
    wire.cut();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ingress.post(callEnded, body)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, retryAfter: "5", error: expect.stringContaining("send it again") });
    }
    const written = ingress.lines.join("");
    expect(written).toContain("could not be answered");
    for (const known of ["393331234567", ...secrets.cloudtalk]) expect(written).not.toContain(known);
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
});

test("a webhook that was put off is stored once when it comes again", async () => {
  const { ingress, wire } = await open();
  expect((await ingress.post(callEnded, body)).verdict).toBe("accepted");
  wire.cut();
  expect((await ingress.post(callEnded, { call_uuid: "u2" })).status).toBe(503);
  wire.mend();
  expect((await ingress.post(callEnded, { call_uuid: "u2" })).verdict).toBe("accepted");
  expect((await ingress.app.inject("/readyz")).json()).toEqual({ status: "ready", reasons: [] });
  expect(await ingress.events()).toHaveLength(2);
});

test("a webhook that was stored although the answer was lost is a duplicate when it comes again", async () => {
  const { ingress, wire } = await open();
  expect((await ingress.post(callEnded, { call_uuid: "u0" })).status).toBe(202);
  wire.loseAnswers();
  expect((await ingress.post(callEnded, body)).status).toBe(503);
  wire.mend();
  const [, stored, ...others] = await ingress.events();
  expect([stored?.stream, others]).toEqual(["call:u:u1", []]);
  expect(await ingress.post(callEnded, body)).toMatchObject({ verdict: "duplicate", eventIds: [stored?.id] });
});

test("a database that is gone for good is 503 too, and so is a log that was closed", async () => {
  const { ingress } = await open();
  await ingress.dropDatabase();
  expect(await ingress.post(callEnded, body)).toMatchObject({ status: 503, retryAfter: "5" });
  await ingress.platform.log.close();
  expect(await ingress.post(callEnded, body)).toMatchObject({ status: 503, retryAfter: "5" });
  expect((await ingress.app.inject("/readyz")).statusCode).toBe(503);
});

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
