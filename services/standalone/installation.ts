import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@callbridge/testing";
import type { Twin } from "@callbridge/twin";

const main = join(import.meta.dirname, "main.ts");

/** A whole installation as a process of its own, against a twin that outlives it. For tests. */
export type Installation = {
  start: () => Promise<void>;
  /** Ends it as a power cut would. */
  kill: () => Promise<void>;
  /** Asks it to end and gives its exit code. */
  stop: () => Promise<number | null>;
  post: (path: string, body: unknown) => Promise<{ status: number; verdict: string; eventIds: string[] }>;
  /** What it printed and logged since it was started last. */
  output: () => string;
  remove: () => Promise<void>;
};

const quickly =
  "timing: { settleMs: 1000, indexLagMs: 400, noteDelayMs: 120000, otherWebhookMs: 2500, detailsAfterMs: 800 }\n";

export async function installation(
  twin: Twin,
  environment: Record<string, string> = {},
  configuration = quickly,
): Promise<Installation> {
  const dataDir = await mkdtemp(join(tmpdir(), "callbridge-e2e-"));
  const configFile = join(dataDir, "callbridge.yaml");
  await writeFile(configFile, configuration);
  let child: ChildProcess | undefined;
  let url = "";
  let printed = "";

  const ended = async () => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return running?.exitCode ?? null;
    return new Promise<number | null>((resolve) => running.once("exit", (code) => resolve(code)));
  };
  const secret = async () =>
    environment.CLOUDTALK_WEBHOOK_SECRET ?? readFile(join(dataDir, "secrets", "cloudtalk-webhook-secret"), "utf8");

  return {
    start: async () => {
      printed = "";
      const started = spawn(process.execPath, [main], {
        env: {
          PATH: process.env.PATH,
          ...vendorEnvironment(twin),
          PORT: "0",
          DATA_DIR: dataDir,
          CONFIG_FILE: configFile,
          ...environment,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      const listen = (text: Buffer) => {
        printed += text.toString();
      };
      started.stdout.on("data", listen);
      started.stderr.on("data", listen);
      url = await until("it listens", () => {
        if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}: ${printed}`);
        return /Callbridge listens on (\S+)/.exec(printed)?.[1];
      });
      const webhookSecret = (await secret()).trim();
      twin.control.configure({ webhookTarget: url, webhookSecret });
    },
    kill: async () => {
      child?.kill("SIGKILL");
      await ended();
    },
    stop: async () => {
      child?.kill("SIGTERM");
      return ended();
    },
    post: async (path, body) => {
      const response = await fetch(url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${(await secret()).trim()}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      return { status: response.status, ...(answer as { verdict: string; eventIds: string[] }) };
    },
    output: () => printed,
    remove: async () => {
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await ended();
      }
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The twin in the place of the vendors, as real ones would be configured. */
export function vendorEnvironment({ urls, credentials, url }: Twin): Record<string, string> {
  return {
    CLOUDTALK_API_KEY: `${credentials.cloudtalkKeyId}:${credentials.cloudtalkSecret}`,
    CLOUDTALK_BASE_URL: urls.cloudtalk,
    CLOUDTALK_ANALYTICS_URL: urls.analytics,
    CLOUDTALK_PLATFORM_URL: urls.platform,
    CLOUDTALK_SVIX_SECRET: credentials.svixSecret,
    GHL_WEBHOOK_PUBLIC_KEY: credentials.ghlSigningPublicKeyPem,
    GHL_API_KEY: credentials.ghlToken,
    GHL_LOCATION_ID: credentials.ghlLocationId,
    GHL_BASE_URL: urls.ghl,
    GHL_CONVERSATION_PROVIDER_ID: credentials.conversationProviderId,
    OPENAI_API_KEY: credentials.openaiKey,
    OPENAI_BASE_URL: urls.openai,
    RECORDING_ALLOWED_HOSTS: new URL(url).host,
  };
}
