import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type FreshLog, freePort, freshLog, until } from "@callbridge/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const script = join(root, "start-cloudtalk-webhooks.sh");
const address = "https://four-made-up-words.trycloudflare.com";
/** What the real one does: the address goes to stderr, in a frame, after a line with another address of Cloudflare's. */
const staying = `#!/bin/sh
echo "$$" > "$FAKE_DIR/pid"
echo "$@" > "$FAKE_DIR/arguments"
echo "INF Requesting new quick Tunnel on trycloudflare.com (https://api.trycloudflare.com/tunnel)..." >&2
echo "INF |  ${address}   |" >&2
exec sleep 600
`;
const dying = "#!/bin/sh\necho 'ERR failed to request quick Tunnel' >&2\nexit 1\n";

let fresh: FreshLog;
let directory: string;
let dataDir: string;
let port: number;
const children: ChildProcess[] = [];

beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "callbridge-start-"));
  dataDir = join(directory, "data");
  port = await freePort();
  await mkdir(join(directory, "bin"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
  await rm(directory, { recursive: true });
});

async function cloudflared(content: string): Promise<void> {
  const file = join(directory, "bin", "cloudflared");
  await writeFile(file, content);
  await chmod(file, 0o755);
}

function start(command: string, words: string[], environment: Record<string, string> = {}) {
  const child = spawn(command, words, {
    env: {
      PATH: [join(directory, "bin"), process.env.PATH].join(delimiter),
      ...{ FAKE_DIR: directory, DATA_DIR: dataDir, PORT: String(port) },
      ...{ DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey },
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      printed += text.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const says = (text: string) =>
    until(`it says ${text}`, () => {
      if (child.exitCode !== null && !printed.includes(text)) throw new Error(`it ended: ${printed}`);
      return printed.includes(text);
    });
  return { child, ended, says, printed: () => printed };
}
const startScript = (words: string[] = [], environment: Record<string, string> = {}) =>
  start("bash", [script, ...words], environment);

const answers = (url: string) =>
  fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
const tunnelPid = () => Number(readFileSync(join(directory, "pid"), "utf8"));
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "opens the tunnel, starts the server with its address, prints the URLs, and %s ends both",
  async (signal) => {
    await cloudflared(staying);
    const run = startScript();
    await run.says("Ctrl+C ends");
    expect(run.printed()).toContain(`${address}/api/cloudtalk-webhooks/call-ended\n`);
    expect(run.printed()).toContain(`${address}/api/ghl-webhooks/new-contact\n`);
    expect(run.printed()).toContain("new at every start");
    expect(run.printed()).not.toContain("event.properties");
    expect(readFileSync(join(directory, "arguments"), "utf8")).toContain(`--url http://localhost:${port}`);
    const runtime: unknown = JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8"));
    expect(runtime).toMatchObject({ url: `http://localhost:${port}`, publicUrl: address });
    expect(await answers(`http://localhost:${port}`)).toBe(true);

    const tunnel = tunnelPid();
    run.child.kill(signal);
    expect(await run.ended).toBe(signal === "SIGINT" ? 130 : 143);
    expect(isAlive(tunnel)).toBe(false);
    expect(await answers(`http://localhost:${port}`)).toBe(false);
    expect(existsSync(join(dataDir, "runtime.json"))).toBe(false);
  },
);

test.each(["in DATA_DIR", "on PORT"])("uses a server that already runs %s, and leaves it running", async (where) => {
  await cloudflared(staying);
  const server = start(process.execPath, [join(import.meta.dirname, "main.ts")]);
  await server.says("Callbridge listens on");
  const elsewhere: Record<string, string> =
    where === "in DATA_DIR" ? { PORT: "1" } : { DATA_DIR: join(directory, "other") };
  const run = startScript(["--bodies"], elsewhere);
  await run.says("Ctrl+C ends");
  expect(run.printed()).toContain(`already runs at http://localhost:${port}`);
  expect(run.printed()).toContain(`POST ${address}/api/cloudtalk-webhooks/call-ended`);
  expect(run.printed()).toContain('"{{ event.properties.call_uuid }}"');
  expect(readFileSync(join(directory, "arguments"), "utf8")).toContain(`--url http://localhost:${port}`);

  const tunnel = tunnelPid();
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(143);
  expect(isAlive(tunnel)).toBe(false);
  expect(await answers(`http://localhost:${port}`)).toBe(true);
});

test("says what is missing when there is no cloudflared", async () => {
  const bin = join(directory, "bin");
  for (const name of ["node", "dirname"]) {
    const found = execFileSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    await symlink(found, join(bin, name));
  }
  const bash = execFileSync("bash", ["-c", "command -v bash"], { encoding: "utf8" }).trim();
  const run = start(bash, [script], { PATH: bin });
  expect(await run.ended).toBe(1);
  expect(run.printed()).toContain("cloudflared is not installed");
});

test("starts no server without a tunnel", async () => {
  await cloudflared(dying);
  const run = startScript();
  expect(await run.ended).toBe(1);
  expect(run.printed()).toContain("failed to request quick Tunnel");
  expect(run.printed()).toContain("cloudflared ended without an address");
  expect(existsSync(join(dataDir, "runtime.json"))).toBe(false);
});

test("touches nothing else that has the port", async () => {
  await cloudflared(staying);
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const run = startScript();
  expect(await run.ended).toBe(1);
  expect(run.printed()).toContain(`Port ${port} is taken by something else`);
  expect(existsSync(join(directory, "pid"))).toBe(false);
  expect(other.listening).toBe(true);
  await new Promise((resolve) => other.close(resolve));
});

test("ends with the server, when that dies", async () => {
  await cloudflared(staying);
  const run = startScript([], { LOG_LEVEL: "loud" });
  expect(await run.ended).toBe(1);
  expect(run.printed()).toContain("LOG_LEVEL");
  expect(isAlive(tunnelPid())).toBe(false);
});
