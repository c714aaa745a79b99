import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue, stream } from "@callbridge/events";
import { lookOnlyPlatform, openStorage } from "@callbridge/service";
import { capabilityOf } from "@callbridge/storage";
import { type FreshLog, freshLog, until } from "@callbridge/testing";
import { type CallOptions, startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Running, startStandalone } from "./standalone.ts";

/*
 * Three accounts in one process, each with vendors of its own: twins, which give the same ids to the same people, so that
 * whatever is not kept apart by account meets.
 */

const names = ["alpha", "beta", "gamma"] as const;
type Name = (typeof names)[number];
const publicUrl = "https://calls.example";
const ample = { cloudtalkOperationsMax: 10_000, ghlRequestsMax: 10_000 };
const tulips = "We only ever talked about tulips.";

let fresh: FreshLog;
let directory: string;
let twins: Record<Name, Twin>;
let running: Running;

beforeAll(async () => {
  fresh = await freshLog();
  directory = await mkdtemp(join(tmpdir(), "callbridge-accounts-"));
  const [alpha, beta, gamma] = await Promise.all([
    startTwin({ settings: ample }),
    startTwin({ settings: { ...ample, unknownAudioText: tulips } }),
    startTwin({ settings: ample }),
  ]);
  twins = { alpha, beta, gamma };
  await start({ alpha: accountOn("alpha"), beta: accountOn("beta"), gamma: unconfigured("gamma") });
});
afterAll(async () => {
  await running?.stop();
  await Promise.all(Object.values(twins ?? {}).map((twin) => twin.close()));
  await fresh?.drop();
  await rm(directory, { recursive: true, force: true });
});

const secretOf = (name: Name) => `hook-of-${name}`;
const unconfigured = (name: Name) => ({
  cloudtalk: { webhookSecrets: [secretOf(name)] },
  ghl: { webhookSecrets: [secretOf(name)] },
});

/** As an operator would write it, with one secret in the environment. */
function accountOn(name: Name) {
  const { credentials, urls, url } = twins[name];
  return {
    cloudtalk: {
      ...{ keyId: credentials.cloudtalkKeyId, secret: "$" + "{CLOUDTALK_SECRET_OF_TESTS}" },
      ...{ baseUrl: urls.cloudtalk, analyticsUrl: urls.analytics, webhookSecrets: [secretOf(name)] },
    },
    ghl: {
      ...{ token: credentials.ghlToken, locationId: credentials.ghlLocationId, baseUrl: urls.ghl },
      ...{ conversationProviderId: credentials.conversationProviderId, webhookSecrets: [secretOf(name)] },
    },
    openai: { apiKey: credentials.openaiKey, baseUrl: urls.openai },
    recordingAllowedHosts: [new URL(url).host],
  };
}

async function start(accounts: Partial<Record<Name, object>>): Promise<void> {
  const file = join(directory, "callbridge.yaml");
  const timing = { settleMs: 1_000, indexLagMs: 400, otherWebhookMs: 500, detailsAfterMs: 600 };
  await writeFile(file, JSON.stringify({ timing, accounts }));
  running = await startStandalone({
    ...{ DATABASE_URL: fresh.url, DATA_KEY: fresh.dataKey, DATA_DIR: directory, PORT: "0", PUBLIC_URL: publicUrl },
    ...{ CONFIG_FILE: file, LOG_LEVEL: "silent" },
    CLOUDTALK_SECRET_OF_TESTS: twins.alpha.credentials.cloudtalkSecret,
  });
  for (const name of names) {
    const webhookTarget = `${running.url}/api/a/${name}`;
    twins[name].control.configure({ webhookTarget, webhookSecret: secretOf(name) });
  }
}

const play = (name: Name, options: CallOptions = {}) => twins[name].control.playCall(options);
/** The person whom every twin knows under the same number and the same ids. */
const david = (name: Name) => {
  const [person] = twins[name].control.seeded().people;
  const page = person && twins[name].control.contact(person.ghlContactId);
  if (!page) throw new Error("the twin has lost David");
  return page;
};
const noteOn = (name: Name) =>
  until(
    `${name} has a note`,
    () =>
      david(name)
        .notes.map(({ body }) => String(body))
        .find((body) => body.includes("/r/")),
    40_000,
  );
const linkIn = (note: string) => /\/r\/([\w.-]+)/.exec(note)?.[1] ?? "";
const eventsOf = async (name: Name) => (await fresh.log.after(0, 100_000)).filter(({ account }) => account === name);
const post = (name: Name, secret: string, body: object) =>
  fetch(`${running.url}/api/a/${name}/cloudtalk-webhooks/call-ended`, {
    ...{ method: "POST", body: JSON.stringify(body) },
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
  });

describe("accounts in one process", () => {
  const links = { alpha: "", beta: "" };

  test("the same call of the same person at the same moment: each account has its own call, recording and note", async () => {
    const [one, other] = await Promise.all([play("alpha"), play("beta", { recording: "silence" })]);
    expect(one.callId).toBe(other.callId);
    expect([...one.sent, ...other.sent].filter(({ status }) => status !== 202)).toEqual([]);
    const notes = { alpha: await noteOn("alpha"), beta: await noteOn("beta") };
    expect(notes.alpha).toContain("free technician visit");
    expect(notes.beta).not.toContain("free technician visit");
    links.alpha = linkIn(notes.alpha);
    links.beta = linkIn(notes.beta);
    expect(new Set(Object.values(links)).size).toBe(2);
    for (const name of ["alpha", "beta"] as const) {
      expect((await eventsOf(name)).map(({ key }) => key)).toContain(`call:n:${one.callId}/recording`);
    }
    const subject = await fresh.log.stream("alpha", stream.callById(one.callId));
    expect(subject.events.every(({ account }) => account === "alpha")).toBe(true);
  });

  test("a link opens the recording of its own account, and no account's keys those of another", async () => {
    const get = async (link: string) => fetch(`${running.url}/r/${link}`);
    const sizes = await Promise.all(
      Object.values(links).map(async (link) => (await (await get(link)).arrayBuffer()).byteLength),
    );
    expect(new Set(sizes).size).toBe(2);
    const [name = ""] = links.beta.split(".");
    const [, proof = ""] = links.alpha.split(".");
    expect((await get(`${name}.${proof}`)).status).toBe(404);
    const ref = Buffer.from(name, "base64url").toString();
    const account = running.accounts.find((one) => one.name === "alpha");
    if (!account) throw new Error("alpha is gone");
    const own = lookOnlyPlatform({ log: fresh.log, keyring: fresh.keyring, clock: () => new Date() }, "alpha");
    expect(capabilityOf(ref, own.key("recording-links"))).not.toBe(links.beta);
    await expect(openStorage(account.config, own).readAll(ref, 100_000_000)).rejects.toThrow();
  });

  test("a webhook with another account's secret is refused", async () => {
    const body = { call_uuid: "forged", call_id: 1 };
    expect((await post("beta", secretOf("alpha"), body)).status).toBe(401);
    expect((await post("beta", secretOf("beta"), body)).status).toBe(202);
    expect((await fetch(`${running.url}/api/cloudtalk-webhooks/call-ended`, { method: "POST" })).status).toBe(404);
  });

  test("an account that has used up its budget and has more work than hands delays no other one", async () => {
    const budgets = await fresh.query<{ account: string; vendor: string }>(
      "select account, vendor from callbridge.budgets order by 1, 2",
    );
    expect(budgets.map(({ account, vendor }) => `${account} ${vendor}`)).toEqual([
      "alpha cloudtalk",
      "alpha ghl",
      "beta cloudtalk",
      "beta ghl",
    ]);
    await fresh.log.block({ account: "alpha", vendor: "ghl" }, new Date(Date.now() + 600_000));
    const before = { alpha: david("alpha").notes.length, beta: david("beta").notes.length };
    await Promise.all(Array.from({ length: 20 }, () => play("alpha", { outcome: "missed" })));
    await play("beta", { outcome: "missed" });
    await until("beta has its note", () => david("beta").notes.length > before.beta, 20_000);
    expect(david("alpha").notes.length).toBe(before.alpha);
    await fresh.query("update callbridge.budgets set blocked_until = null");
    await until(
      "alpha has its notes",
      async () => {
        await fresh.query(
          "update callbridge.due set at = now() where account = 'alpha' and claim is null and because like '%budget%'",
        );
        return david("alpha").notes.length === before.alpha + 20;
      },
      40_000,
    );
  });

  test("an account without its vendors holds its events until it has them; one that is gone holds them too", async () => {
    const { sent } = await play("gamma", { outcome: "missed" });
    expect(sent.filter(({ status }) => status !== 202)).toEqual([]);
    const held = (account: string) =>
      until("its event is held", async () => {
        const [row] = await fresh.query<{ because: string; waits: boolean }>(
          "select because, at is not null as waits from callbridge.due where consumer = 'contact-sync' and account = $1 and key like 'held/%'",
          [account],
        );
        return row;
      });
    const because = "the account gamma waits for CLOUDTALK_API_KEY and GHL_API_KEY";
    expect(await held("gamma")).toEqual({ because, waits: true });
    const ready = await fetch(`${running.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain("contact-sync of gamma waits for CLOUDTALK_API_KEY and GHL_API_KEY");

    await running.stop();
    await start({ beta: accountOn("beta"), gamma: accountOn("gamma") });
    await until("gamma has its note", () => david("gamma").notes.length > 0, 40_000);
    const name = stream.callByUuid("after");
    const event = {
      ...{ type: "call.ended" as const, stream: name, key: { fact: `${name}/ended` }, source: "cloudtalk" },
      ...{
        time: new Date().toISOString(),
        data: catalogue["call.ended"].data.parse({ callUuid: "after" }),
        personal: {},
      },
    };
    await fresh.log.append({
      now: new Date(),
      events: [{ account: "alpha", event, cause: { correlationId: "after" } }],
    });
    expect(await held("alpha")).toEqual({ because: "the account alpha is not configured", waits: true });
    const notes = david("beta").notes.length;
    await play("beta", { outcome: "missed" });
    await until("beta goes on", () => david("beta").notes.length > notes, 20_000);
  });
});
