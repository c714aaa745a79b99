import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRuntimeFile } from "@callbridge/service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { capture } from "./captured-run.ts";

const publicUrl = "https://bridge.example.com";
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "callbridge-webhooks-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** Nothing of it is opened: the command needs no database. */
const nowhere = { url: "postgres://nobody@nowhere.invalid/none", dataKey: Buffer.alloc(32).toString("base64") };
const webhooks = (environment: Record<string, string>, ...words: string[]) =>
  capture(nowhere, { environment: { DATA_DIR: dataDir, ...environment } }).run("webhooks", ...words);

const secrets = { CLOUDTALK_WEBHOOK_SECRET: "new-s3cret,old-s3cret", GHL_WEBHOOK_SECRET: "ghl-s3cret$&" };
const printed = z.object({
  publicUrl: z.string(),
  groups: z.array(
    z.object({
      vendor: z.string(),
      webhooks: z.array(
        z.object({ endpoint: z.string(), url: z.string(), header: z.string(), body: z.record(z.string(), z.string()) }),
      ),
    }),
  ),
  signed: z.array(z.object({ url: z.string() })),
});

describe("webhooks", () => {
  test("prints every address with its trigger, its header and the body to paste", async () => {
    const { code, out, err } = await webhooks({ PUBLIC_URL: `${publicUrl}/` });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(
      [
        "call-ended (API Request)",
        "  trigger  Call → Ended",
        `  URL      POST ${publicUrl}/api/cloudtalk-webhooks/call-ended`,
        "  header   Authorization: Bearer <CLOUDTALK_WEBHOOK_SECRET>",
      ].join("\n"),
    );
    expect(out).toContain('      "call_uuid": "{{ event.properties.call_uuid }}",');
    expect(out).toContain(`  URL      POST ${publicUrl}/api/ghl-webhooks/opportunity-status-changed`);
    expect(out).toContain(`  ${publicUrl}/api/ghl-webhooks\n`);
    expect(out.match(/Allow Re-entry/g)).toHaveLength(1);
  });

  test("gives the same as JSON", async () => {
    const { groups, signed } = printed.parse((await webhooks({ PUBLIC_URL: publicUrl }, "--json")).json());
    const urls = groups.flatMap((group) => group.webhooks.map(({ url }) => url.slice(publicUrl.length)));
    expect(urls).toContain("/api/cloudtalk-webhooks/call-recording-ready");
    expect(urls).toContain("/api/ghl-webhooks/new-note");
    expect(new Set(urls).size).toBe(15);
    expect(signed).toHaveLength(2);
  });

  test("can give the addresses alone", async () => {
    const { out } = await webhooks({ PUBLIC_URL: publicUrl }, "--brief");
    expect(out.match(/https:\S+/g)).toHaveLength(17);
    expect(out).not.toContain("event.properties");
  });

  test("gives the addresses of a named account, and refuses what is no name", async () => {
    const { out } = await webhooks({ PUBLIC_URL: publicUrl }, "--brief", "--account", "acme-2");
    expect(out).toContain(`${publicUrl}/api/a/acme-2/cloudtalk-webhooks/call-ended`);
    expect(out).toContain(`${publicUrl}/api/a/acme-2/ghl-webhooks\n`);
    expect((await webhooks({}, "--account", "../x")).code).toBe(2);
  });

  test("asks which account where there is no default one, and takes the only one", async () => {
    const file = join(dataDir, "accounts.yaml");
    const ghl = (location: string) => `{ ghl: { token: t, locationId: ${location}, webhookSecrets: [s3cret] } }`;
    const environment = { PUBLIC_URL: publicUrl, CONFIG_FILE: file };
    writeFileSync(file, `accounts: { acme: ${ghl("one")} }`);
    expect((await webhooks(environment, "--brief")).out).toContain(`${publicUrl}/api/a/acme/ghl-webhooks\n`);
    writeFileSync(file, `accounts: { acme: ${ghl("one")}, beta: ${ghl("two")} }`);
    expect(await webhooks(environment)).toMatchObject({ code: 2, err: expect.stringContaining("acme, beta") });
  });
});

describe("the secrets", () => {
  test("are printed on request only, and of several the first", async () => {
    const hidden = await webhooks({ ...secrets, PUBLIC_URL: publicUrl });
    const json = await webhooks({ ...secrets, PUBLIC_URL: publicUrl }, "--json");
    expect(hidden.out + hidden.err + json.out + json.err).not.toContain("s3cret");
    const { out } = await webhooks({ ...secrets, PUBLIC_URL: publicUrl }, "--show-secrets");
    expect(out).toContain("header   Authorization: Bearer new-s3cret\n");
    expect(out).toContain("header   Authorization: Bearer ghl-s3cret$&\n");
    expect(out).not.toContain("old-s3cret");
  });

  test("are printed to a terminal", async () => {
    const terminal = capture(nowhere, { environment: { DATA_DIR: dataDir, ...secrets }, isTerminal: true });
    expect((await terminal.run("webhooks")).out).toContain("header   Authorization: Bearer new-s3cret\n");
  });

  test("that an installation made for itself are found, and none is made", async () => {
    expect((await webhooks({}, "--show-secrets")).out).toContain("none yet: start Callbridge once");
    mkdirSync(join(dataDir, "secrets"));
    writeFileSync(join(dataDir, "secrets", "cloudtalk-webhook-secret"), "own-s3cret\n");
    expect((await webhooks({}, "--show-secrets")).out).toContain("Bearer own-s3cret\n");
    expect((await webhooks({})).out).toContain(join(dataDir, "secrets", "cloudtalk-webhook-secret"));
  });
});

describe("the public address", () => {
  const running = { pid: process.pid, url: "http://localhost:3456", databaseUrl: "postgres://x" };

  test("is the one that is set, else the running installation's, else this machine's with a warning", async () => {
    const base = async (environment: Record<string, string>) => {
      const { err, json } = await webhooks(environment, "--json");
      return { url: printed.parse(json()).publicUrl, warns: err.includes("PUBLIC_URL") };
    };
    expect(await base({ PORT: "3999" })).toEqual({ url: "http://localhost:3999", warns: true });
    const remove = writeRuntimeFile(dataDir, { ...running, publicUrl: "https://tunnel.example.com" });
    expect(await base({})).toEqual({ url: "https://tunnel.example.com", warns: false });
    expect(await base({ PUBLIC_URL: publicUrl })).toEqual({ url: publicUrl, warns: false });
    await remove();
    writeRuntimeFile(dataDir, running);
    expect(await base({})).toEqual({ url: "http://localhost:3456", warns: true });
  });
});
