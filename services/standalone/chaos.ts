import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createKeyring, openEventLog } from "@callbridge/event-log";
import { startEmbeddedPostgres } from "@callbridge/event-log/embedded";
import { freePort, startNatsServer, until } from "@callbridge/testing";
import { startTwin } from "@callbridge/twin";
import { vendorEnvironment } from "./installation.ts";

/**
 * `npm run chaos`: every service a process of its own over PostgreSQL and NATS; while calls flow, each service is killed and
 * paused in turn, both servers are restarted and NATS is wiped. In the end every call must have exactly one note.
 */
const { values } = parseArgs({
  options: { calls: { type: "string", default: "200" }, pause: { type: "string", default: "30" } },
});
const callsCount = Number(values.calls);
const pauseMs = Number(values.pause) * 1_000;
const services = ["ingress", "contact-sync", "recording", "analysis", "ghl-writer"];
const callEveryMs = 1_000;
const limitMs = 15 * 60_000;

const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);

const directory = await mkdtemp(join(tmpdir(), "callbridge-chaos-"));
const [natsPort, databasePort, ingressPort] = [await freePort(), await freePort(), await freePort()];
let nats = await startNatsServer(natsPort, join(directory, "nats"));
let postgres = await startEmbeddedPostgres({ dataDir: join(directory, "data") });
const door = await openDoor(databasePort, () => Number(new URL(postgres.url).port));
const databaseUrl = postgres.url.replace(/:\d+\//, `:${databasePort}/`);
const dataKey = randomBytes(32).toString("base64");
const secret = randomBytes(16).toString("hex");
const log = openEventLog({ url: databaseUrl, keyring: createKeyring(dataKey) });
await log.migrate();

const twin = await startTwin({
  settings: {
    ...{ cloudtalkOperationsMax: 1_000, ghlRequestsMax: 1_000, recordingFormat: "mp3" },
    ...{ webhookTarget: `http://127.0.0.1:${ingressPort}`, webhookSecret: secret, webhookTimeoutMs: 40_000 },
  },
});
const configFile = join(directory, "callbridge.yaml");
await writeFile(configFile, "timing: { settleMs: 3000, sweepEveryMs: 20000, sweepGraceMs: 20000, indexLagMs: 1000 }\n");
const processes = new Map<string, ChildProcess>();
for (const name of services) start(name);

const people = twin.control.addPeople(callsCount);
let [played, accepted] = [0, 0];
const flowing = (async () => {
  for (const { phone } of people) {
    void twin.control.playCall({ from: phone }).then(({ sent }) => {
      accepted += sent.filter(({ status }) => status === 202).length;
    });
    played += 1;
    await wait(callEveryMs);
  }
})();

for (const name of services) {
  say(`kill -9 ${name}`);
  processes.get(name)?.kill("SIGKILL");
  await wait(2_000);
  start(name);
  await wait(3_000);
}
for (const name of services) {
  say(`pause ${name} for ${pauseMs / 1_000} s`);
  processes.get(name)?.kill("SIGSTOP");
  await wait(pauseMs);
  processes.get(name)?.kill("SIGCONT");
  await wait(2_000);
}
say("restart PostgreSQL");
await postgres.stop();
await wait(3_000);
postgres = await startEmbeddedPostgres({ dataDir: join(directory, "data") });
await wait(5_000);
say("restart NATS");
await nats.kill();
nats = await startNatsServer(natsPort, join(directory, "nats"));
await wait(5_000);
say("wipe NATS");
await nats.kill();
await rm(join(directory, "nats"), { recursive: true });
nats = await startNatsServer(natsPort, join(directory, "nats"));

await flowing;
say(`${played} calls played; waiting for their notes`);
const notesOf = () => people.map(({ ghlContactId }) => twin.control.contact(ghlContactId)?.notes.length ?? 0);
await until("every call has a note", () => notesOf().every((count) => count > 0), limitMs).catch(() => undefined);
// Whatever would come twice comes within this time.
await wait(30_000);
const notes = notesOf();
const messages = people.map(({ ghlContactId }) => twin.control.contact(ghlContactId)?.messages.length ?? 0);
const events = await log.after(0, 1_000_000);
const gapless = events.every((event, index) => event.position === index + 1);
const result = {
  calls: callsCount,
  acceptedWebhooks: accepted,
  events: events.length,
  recovered: events.filter(({ type }) => type === "call.recovered").length,
  gapless,
  withoutNote: notes.filter((count) => count === 0).length,
  withSeveralNotes: notes.filter((count) => count > 1).length,
  withoutCallLog: messages.filter((count) => count === 0).length,
  withSeveralCallLogs: messages.filter((count) => count > 1).length,
};
console.log(JSON.stringify(result, undefined, 2));

for (const child of processes.values()) child.kill("SIGKILL");
await log.close();
await Promise.all([twin.close(), nats.stop(), postgres.stop()]);
door.close();
await rm(directory, { recursive: true, force: true });
const { withoutNote, withSeveralNotes, withSeveralCallLogs } = result;
process.exit(gapless && withoutNote + withSeveralNotes + withSeveralCallLogs === 0 ? 0 : 1);

function start(name: string): void {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", name, "main.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      PORT: String(name === "ingress" ? ingressPort : 0),
      DATA_DIR: join(directory, "data"),
      RECORDINGS_URL: `file://${join(directory, "recordings")}`,
      DATABASE_URL: databaseUrl,
      NATS_URL: `nats://127.0.0.1:${natsPort}`,
      DATA_KEY: dataKey,
      CONFIG_FILE: configFile,
      LOG_LEVEL: "error",
      CLOUDTALK_WEBHOOK_SECRET: secret,
      GHL_WEBHOOK_SECRET: secret,
      ...vendorEnvironment(twin),
    },
  });
  child.on("exit", (code, signal) => {
    if (signal !== "SIGKILL") say(`${name} ended with ${code ?? signal}`);
  });
  processes.set(name, child);
}

/** The embedded PostgreSQL has another port after a restart; services are configured with one address. */
async function openDoor(port: number, target: () => number): Promise<Server> {
  const server = createServer((from: Socket) => {
    const to = connect(target(), "127.0.0.1");
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
