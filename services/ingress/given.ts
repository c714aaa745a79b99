import { type CipherKey, createDecipheriv, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEvent } from "@callbridge/events";
import { type Config, createLogger, notReady, type OpenPlatform, openPlatform, readConfig } from "@callbridge/service";
import { type FreshLog, freshLog } from "@callbridge/testing";
import type { FastifyInstance } from "fastify";
import { composeIngress } from "./main.ts";

/* What the integration tests share: the composed app over a log of its own, and senders that a vendor would believe. */

const base64 = (text: string) => Buffer.from(text).toString("base64");
const pair = generateKeyPairSync("ed25519");
export const secrets = {
  cloudtalk: ["cloudtalk-secret-old", "cloudtalk-secret-new"],
  ghl: ["ghl-secret-old", "ghl-secret-new"],
  svix: [`whsec_${base64("the old svix secret")}`, `whsec_${base64("the new svix secret")}`],
} as const;
const ghlPublicKeys = [pair.publicKey.export({ type: "spki", format: "der" }).toString("base64")];
export const locationId = "LocationAda000000001";

type Headers = Record<string, string>;
type Answer = {
  status: number;
  verdict?: string;
  eventIds: string[];
  because?: string;
  error?: string;
  retryAfter: string | undefined;
};
/** A stored delivery, opened. `body` is what came, byte for byte. */
type Delivered = {
  id: string;
  account: string;
  endpoint: string;
  verdict: string;
  because: string | null;
  headers: Record<string, unknown>;
  body: Buffer;
};
export type Ingress = {
  app: FastifyInstance;
  config: Config;
  platform: OpenPlatform;
  /** What the clock shows; it stands still unless a test moves it. */
  clock: { now: Date };
  /** What it logged, at the most talkative level. */
  lines: string[];
  /** Posts with credentials that are right, unless other headers are given. */
  post: (path: string, body: unknown, headers?: Headers) => Promise<Answer>;
  /** The same installation for another account. */
  as: (account: string) => Ingress;
  /** What this account's log holds, in order. */
  events: () => Promise<LogEvent[]>;
  inbox: () => Promise<Delivered[]>;
  /** Removes the database under the running app. */
  dropDatabase: () => Promise<void>;
  close: () => Promise<void>;
};

/** `through` may put something between the app and its database. */
export async function openIngress(through = async (databaseUrl: string) => databaseUrl): Promise<Ingress> {
  const fresh = await freshLog();
  const directory = await mkdtemp(join(tmpdir(), "callbridge-ingress-"));
  const config = readConfig({
    DATA_DIR: directory,
    CLOUDTALK_WEBHOOK_SECRET: secrets.cloudtalk.join(","),
    GHL_WEBHOOK_SECRET: secrets.ghl.join(","),
    CLOUDTALK_SVIX_SECRET: secrets.svix.join(","),
    GHL_WEBHOOK_PUBLIC_KEY: ghlPublicKeys.join(","),
    GHL_API_KEY: "token",
    GHL_LOCATION_ID: locationId,
    DEFAULT_COUNTRY: "IT",
  });
  const clock = { now: new Date("2026-11-22T10:00:00.000Z") };
  const lines: string[] = [];
  const platform = await openPlatform({
    config,
    databaseUrl: await through(fresh.url),
    dataKey: fresh.dataKey,
    logger: createLogger("trace", { write: (line) => void lines.push(line) }),
    clock: () => clock.now,
    migrate: false,
  });
  const readiness = () => notReady([], platform);
  let isDropped = false;
  const dropDatabase = async () => {
    if (!isDropped) await fresh.drop();
    isDropped = true;
  };
  const as = (account: string): Ingress => {
    const app = composeIngress(config, [{ name: account, config }], platform, readiness);
    return {
      app,
      config,
      platform,
      clock,
      lines,
      post: (path, body, headers) => post(app, path, body, headers),
      as,
      events: async () => (await platform.log.after(0, 100_000)).filter((event) => event.account === account),
      inbox: () => readInbox(fresh, account),
      dropDatabase,
      close: async () => {
        await app.close();
        await platform.close();
        await dropDatabase();
        await rm(directory, { recursive: true, force: true });
      },
    };
  };
  return as("default");
}

/** Text and bytes are sent as they are, anything else as JSON. */
async function post(app: FastifyInstance, path: string, body: unknown, headers?: Headers): Promise<Answer> {
  const payload = bytesOf(body);
  const json = { "content-type": "application/json" };
  const response = await app.inject({
    method: "POST",
    url: path,
    payload,
    headers: headers ?? { ...json, ...credentials(path, payload) },
  });
  const retryAfter = response.headers["retry-after"];
  return { eventIds: [], ...response.json(), status: response.statusCode, retryAfter: retryAfter?.toString() };
}

export function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

/** What the sender of this endpoint would prove itself with. */
export function credentials(path: string, payload: Buffer): Headers {
  const address = path.split("?")[0] ?? "";
  if (address.endsWith("/cloudtalk-webhooks")) return signedBySvix(payload);
  if (address.endsWith("/ghl-webhooks")) return signedByGhl(payload);
  const secret = address.includes("cloudtalk") ? secrets.cloudtalk[0] : secrets.ghl[0];
  return { authorization: `Bearer ${secret}` };
}

let messages = 0;
/** As the package `standardwebhooks` signs (checked against it in libs/cloudtalk). Every call is a new delivery. */
export function signedBySvix(
  payload: Buffer,
  { id = `msg_${++messages}`, secret = secrets.svix[0] }: { id?: string; secret?: string } = {},
): Headers {
  const timestamp = Math.floor(Date.now() / 1000);
  const hmac = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"));
  const signature = hmac.update(`${id}.${timestamp}.`).update(payload).digest("base64");
  return { "svix-id": id, "svix-timestamp": String(timestamp), "svix-signature": `v1,${signature}` };
}

export function signedByGhl(payload: Buffer): Headers {
  return { "x-ghl-signature": sign(null, payload, pair.privateKey).toString("base64") };
}

type InboxRow = Omit<Delivered, "headers" | "body"> & { body: Buffer; body_key: string; wrapped: Buffer };

/** The log has no door to its inbox, so the rows are read as they lie there and opened with the keyring. */
async function readInbox({ query, keyring }: FreshLog, account: string): Promise<Delivered[]> {
  const rows = await query<InboxRow>(
    `select i.id, i.account, i.endpoint, i.verdict, i.because, i.body, i.body_key, k.wrapped
     from callbridge.inbox i join callbridge.stream_keys k on k.id = i.body_key
     where i.account = $1 order by i.id`,
    [account],
  );
  return rows.map(({ body, body_key, wrapped, ...row }) => {
    const request: { headers: Record<string, unknown>; body: string } = JSON.parse(
      open(keyring.unwrap(body_key, wrapped), body, row.id),
    );
    return { ...row, headers: request.headers, body: Buffer.from(request.body, "base64") };
  });
}

/** AES-256-GCM as the log seals: nonce, tag, content; the delivery's id is authenticated with it. */
function open(key: CipherKey, sealed: Buffer, id: string): string {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12)).setAAD(Buffer.from(id));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString();
}
