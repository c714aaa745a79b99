import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountsOf, describeConfig, type Environment, hasVendorKey, ownSecret, readConfig } from "./config.ts";
import { ConfigError } from "./settings.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "callbridge-config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function problemsOf(environment: Environment, ...required: Parameters<typeof readConfig>[1] & object): string[] {
  try {
    readConfig(environment, required);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  return [];
}
function file(name: string, content: string): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

describe("the configuration", () => {
  test("needs nothing, and has a default for everything that can have one", () => {
    expect(readConfig({})).toMatchObject({
      PORT: 3000,
      publicUrl: "http://localhost:3000",
      linksAreReachable: false,
      DATA_DIR: resolve(".data"),
      cloudtalk: undefined,
      ghl: undefined,
      UNKNOWN_CALLER: "create",
      settings: { timing: { settleMs: 15_000 } },
    });
  });

  test("names every bad and every missing variable at once", () => {
    const environment = {
      PORT: "seventy",
      PUBLIC_URL: "ftp://example.com",
      DATABASE_URL: "mysql://db",
      DATA_KEY: "too short",
      CLOUDTALK_API_KEY: "no-colon",
      GHL_API_KEY: "pit-1",
      TIME_ZONE: "Mars/Olympus",
      DEFAULT_COUNTRY: "Italy",
      LOG_LEVEL: "loud",
      CONFIG_FILE: join(directory, "absent.yaml"),
      NATS_CREDS: join(directory, "absent.creds"),
      RECORDINGS_URL: "ftp://recordings",
      RECORDING_ALLOWED_HOSTS: "storage.example.com, https://cdn.example.com/calls",
      GHL_CALL_LOG: "inbound-webhook",
    };
    const names = problemsOf(environment, "NATS_URL", "CLOUDTALK_WEBHOOK_SECRET").map((line) => line.split(":")[0]);
    expect(names.sort()).toEqual(
      [...Object.keys(environment), "NATS_URL", "CLOUDTALK_WEBHOOK_SECRET", "GHL_LOCATION_ID", "GHL_CALL_LOG_URL"]
        .filter((name) => name !== "GHL_API_KEY" && name !== "GHL_CALL_LOG")
        .sort(),
    );
  });

  test("says what is wrong without repeating the value", () => {
    const secret = "s3cr3t-value";
    const environment = {
      DATA_KEY: secret,
      DATABASE_URL: secret,
      CLOUDTALK_API_KEY: secret,
      GHL_CALL_LOG: secret,
      PORT: secret,
    };
    expect(problemsOf(environment)).toHaveLength(5);
    expect(problemsOf(environment).join()).not.toContain(secret);
  });

  test("takes an empty variable for one that is not set, and a secret without the line break of its file", () => {
    const config = readConfig({ PORT: "", GHL_API_KEY: " ", OPENAI_BASE_URL: "", CLOUDTALK_API_KEY: "id:secret\n" });
    expect(config).toMatchObject({ PORT: 3000, ghl: undefined, cloudtalk: { keyId: "id", secret: "secret" } });
    expect(problemsOf({ NATS_URL: "" }, "NATS_URL")).toEqual(["NATS_URL: is required here"]);
  });

  test.each<[string, Environment, object | undefined]>([
    ["id and secret in one", { CLOUDTALK_API_KEY: "id:secret" }, { keyId: "id", secret: "secret" }],
    ["a secret with colons", { CLOUDTALK_API_KEY: "id:se:cr:et" }, { keyId: "id", secret: "se:cr:et" }],
    ["two variables", { CLOUDTALK_API_KEY_ID: "id", CLOUDTALK_API_SECRET: "s:1" }, { keyId: "id", secret: "s:1" }],
    ["none", {}, undefined],
  ])("reads the key of CloudTalk as %s", (_form, environment, key) => {
    expect(readConfig(environment).cloudtalk).toEqual(key);
  });

  test("wants both halves of a key", () => {
    expect(problemsOf({ CLOUDTALK_API_KEY_ID: "id" })).toEqual([
      "CLOUDTALK_API_SECRET: is required with CLOUDTALK_API_KEY_ID",
    ]);
    expect(problemsOf({ CLOUDTALK_API_SECRET: "s" })).toEqual([
      "CLOUDTALK_API_KEY_ID: is required with CLOUDTALK_API_SECRET",
    ]);
  });

  test("takes an app's OAuth for GHL, unless a private token is there, and says which", () => {
    const app = { GHL_CLIENT_ID: "app", GHL_CLIENT_SECRET: "s3cret", GHL_LOCATION_ID: "loc" };
    const oauth = readConfig(app);
    expect(oauth.ghl).toEqual({ clientId: "app", clientSecret: "s3cret", locationId: "loc" });
    expect(describeConfig(oauth, accountsOf(oauth))).toMatchObject({ accounts: { default: { ghl: "OAuth" } } });
    const both = readConfig({ ...app, GHL_API_KEY: "pit-x" });
    expect(both.ghl).toEqual({ token: "pit-x", locationId: "loc" });
    const described = { ghl: "private token; OAuth is configured too and not used" };
    expect(describeConfig(both, accountsOf(both))).toMatchObject({ accounts: { default: described } });
    expect(problemsOf({ GHL_CLIENT_ID: "app" })).toHaveLength(2);
  });

  test("reads lists, rotated secrets among them", () => {
    const config = readConfig({ CLOUDTALK_WEBHOOK_SECRET: "new, old,", RECORDING_ALLOWED_HOSTS: "a.example, b:8080" });
    expect(config.CLOUDTALK_WEBHOOK_SECRET).toEqual(["new", "old"]);
    expect(config.RECORDING_ALLOWED_HOSTS).toEqual(["a.example", "b:8080"]);
  });

  test("is described without a secret", () => {
    const secrets = {
      DATABASE_URL: "postgres://user:pass-word-1@db/x",
      NATS_URL: "nats://user:pass-word-2@nats",
      CLOUDTALK_API_KEY: "key-id:pass-word-3",
      GHL_API_KEY: "pass-word-4",
      GHL_LOCATION_ID: "location",
      OPENAI_API_KEY: "pass-word-5",
      CLOUDTALK_WEBHOOK_SECRET: "pass-word-6",
      GHL_WEBHOOK_SECRET: "pass-word-7",
      DATA_KEY: Buffer.alloc(32, "pass-word-8").toString("base64"),
      TARGET_SECRET: "pass-word-9",
      RECORDINGS_URL: "file:///pass-word-10",
    };
    const config = readConfig(secrets);
    const described = describeConfig(config, accountsOf(config));
    expect(described).toMatchObject({
      database: "external",
      bus: "nats",
      accounts: { default: { cloudtalk: true, ghl: "private token", speechToText: true } },
    });
    expect(JSON.stringify(described)).not.toMatch(new RegExp(`pass-word|key-id|${secrets.DATA_KEY}`));
  });

  test.each(["CLOUDTALK_API_KEY", "GHL_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "STT_BASE_URL", "LLM_BASE_URL"])(
    "knows that %s is a vendor's, so that no twin is used beside it",
    (name) => {
      const value = name.endsWith("_URL") ? "https://vendor.test" : "id:secret";
      expect(hasVendorKey(readConfig({ [name]: value, GHL_LOCATION_ID: "location" }))).toBe(true);
      expect(hasVendorKey(readConfig({ GHL_LOCATION_ID: "location" }))).toBe(false);
    },
  );
});

describe("CONFIG_FILE", () => {
  test("sets what it names and leaves the rest", () => {
    const { settings } = readConfig({ CONFIG_FILE: file("good.yaml", "timing: { settleMs: 7 }") });
    expect(settings.timing).toMatchObject({ settleMs: 7, noteDelayMs: 180_000 });
    expect(readConfig({ CONFIG_FILE: file("empty.yaml", "") }).settings).toEqual(readConfig({}).settings);
  });

  test.each([
    ["is not there", undefined, /CONFIG_FILE: .*absent\.yaml cannot be read as YAML \(ENOENT/],
    ["is no YAML", "timing: [1", /CONFIG_FILE: .* cannot be read as YAML \(.*line 1/],
    ["has a name that nobody knows", "timing: { setleMs: 7 }", /Unrecognized key: "setleMs"[\s\S]*timing/],
    ["has a value that cannot be", "timing: { settleMs: soon }", /expected number[\s\S]*timing\.settleMs/],
  ])("that %s stops the boot and says why", (_what, content, message) => {
    const path = content === undefined ? join(directory, "absent.yaml") : file("bad.yaml", content);
    expect(() => readConfig({ CONFIG_FILE: path })).toThrow(message);
    expect(() => readConfig({ CONFIG_FILE: path })).toThrow(ConfigError);
  });
});

describe("accounts in CONFIG_FILE", () => {
  const acme = `
timing: { settleMs: 7, indexLagMs: 8 }
accounts:
  acme:
    cloudtalk: { keyId: id, secret: "\${ACME_SECRET}", webhookSecrets: [new, "\${ACME_HOOK}"] }
    ghl: { token: "\${ACME_TOKEN}", locationId: acme-location, callLog: note-only }
    timeZone: Europe/Rome
    timing: { settleMs: 9 }
`;
  const secrets = { ACME_SECRET: "s1", ACME_HOOK: "s2", ACME_TOKEN: "s3" };
  const namesOf = (config: ReturnType<typeof readConfig>) => accountsOf(config).map(({ name }) => name);

  test("have what the environment's variables are for the account default, and settings of their own", () => {
    const config = readConfig({ CONFIG_FILE: file("acme.yaml", acme), ...secrets, GHL_BASE_URL: "https://proxy.test" });
    expect(namesOf(config)).toEqual(["acme"]);
    expect(config.accounts[0]?.config).toMatchObject({
      cloudtalk: { keyId: "id", secret: "s1" },
      ghl: { token: "s3", locationId: "acme-location" },
      CLOUDTALK_WEBHOOK_SECRET: ["new", "s2"],
      ...{ GHL_CALL_LOG: "note-only", GHL_BASE_URL: "https://proxy.test", TIME_ZONE: "Europe/Rome" },
      settings: { timing: { settleMs: 9, indexLagMs: 8 } },
    });
    expect(config.settings.timing).toMatchObject({ settleMs: 7, indexLagMs: 8 });
    expect(hasVendorKey(config)).toBe(true);
  });

  test("take no key, secret or location from the environment, whose account stands beside them", () => {
    const path = file("bare.yaml", "accounts: { bare: {} }");
    const environment = {
      ...{ CLOUDTALK_API_KEY: "its-1:its-2", GHL_API_KEY: "its-3", GHL_LOCATION_ID: "its-4" },
      ...{ CLOUDTALK_WEBHOOK_SECRET: "its-5", GHL_WEBHOOK_SECRET: "its-6", GHL_CONVERSATION_PROVIDER_ID: "its-7" },
      ...{ OPENAI_API_KEY: "speech", CONFIG_FILE: path },
    };
    const config = readConfig(environment);
    expect(namesOf(config)).toEqual(["default", "bare"]);
    const [bare] = config.accounts;
    expect(bare?.config).toMatchObject({ cloudtalk: undefined, ghl: undefined, OPENAI_API_KEY: "speech" });
    expect(bare?.config).toMatchObject({ CLOUDTALK_WEBHOOK_SECRET: [], GHL_WEBHOOK_SECRET: [] });
    expect(JSON.stringify(bare)).not.toContain("its-");
    const described = describeConfig(config, accountsOf(config));
    expect(described).toMatchObject({
      accounts: { default: { ghl: "private token" }, bare: { ghl: false, speechToText: true } },
    });
  });

  test("that are wrong stop the boot: every problem at once, where it stands in the file", () => {
    const bad = `accounts: { one: { ghl: { token: "\${NO_TOKEN}" } }, two: { cloudtalk: { keyId: id }, timeZone: Mars } }`;
    const path = file("bad-accounts.yaml", bad);
    expect(problemsOf({ CONFIG_FILE: path, PORT: "seventy" }, "GHL_WEBHOOK_SECRET").sort()).toEqual([
      "PORT: Invalid input: expected number, received NaN",
      "accounts.one.ghl.locationId: is required with accounts.one.ghl.token",
      "accounts.one.ghl.token: NO_TOKEN is not set",
      "accounts.one.ghl.webhookSecrets: is required here",
      "accounts.two.cloudtalk.secret: is required with accounts.two.cloudtalk.keyId",
      "accounts.two.ghl.webhookSecrets: is required here",
      "accounts.two.timeZone: must be an IANA time zone, such as Europe/Rome",
    ]);
  });

  test.each([
    ["Acme Inc", {}, /lower-case letters, digits and -/],
    ["x".repeat(41), {}, /at most 40/],
    ["demo", {}, /the twin's/],
    ["default", { GHL_API_KEY: "token", GHL_LOCATION_ID: "location" }, /the environment makes this account already/],
  ])("cannot be called %s", (name, environment, message) => {
    const path = file("names.yaml", `accounts: { "${name}": {} }`);
    expect(() => readConfig({ CONFIG_FILE: path, ...environment })).toThrow(message);
  });
});

describe("a secret of our own", () => {
  test("is made once, kept, and readable by its owner only", () => {
    const first = ownSecret(directory, "data-key");
    expect(Buffer.from(first, "base64")).toHaveLength(32);
    expect(ownSecret(directory, "data-key")).toBe(first);
    expect(statSync(join(directory, "secrets", "data-key")).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "secrets")).mode & 0o777).toBe(0o700);
  });

  test("that another process made in the same moment is taken", () => {
    const other = () => {
      writeFileSync(join(directory, "secrets", "raced"), "theirs\n");
      chmodSync(join(directory, "secrets", "raced"), 0o600);
      return "ours";
    };
    expect(ownSecret(directory, "raced", other)).toBe("theirs");
  });
});
