import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createStorage } from "@callbridge/storage";
import { z } from "zod";
import { inTheFile, isPersonal } from "./account-section.ts";
import { ConfigError, type ConfigFile, readConfigFile, type Settings } from "./settings.ts";

/** The only module that reads the environment. Every variable is described in README, "Configuration". */
export type Environment = Record<string, string | undefined>;

const list = z
  .string()
  .optional()
  .transform((text) =>
    (text ?? "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  );
const natsServers = /^\s*((nats|tls):\/\/)?[^\s,/]+(\s*,\s*((nats|tls):\/\/)?[^\s,/]+)*\s*$/;
const url = z.url({ protocol: /^https?$/, error: "must be an http(s) address" });

const schema = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  PUBLIC_URL: url.optional(),
  DATA_DIR: z.string().default("./.data"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must begin with postgres://")
    .optional(),
  NATS_URL: z.string().regex(natsServers, "must be nats://host:port, several separated by commas").optional(),
  NATS_CREDS: z.string().refine(isReadable, "must be a file that can be read").optional(),
  /** Keeps installations on one NATS server apart. */
  NATS_PREFIX: z
    .string()
    .regex(/^[a-z0-9_]+$/, "must be lower-case letters, digits and _")
    .optional(),
  CLOUDTALK_API_KEY: z
    .string()
    .regex(/^[^:]+:.+$/, "must be <key id>:<secret>")
    .optional(),
  CLOUDTALK_API_KEY_ID: z.string().optional(),
  CLOUDTALK_API_SECRET: z.string().optional(),
  CLOUDTALK_BASE_URL: url.default("https://my.cloudtalk.io/api"),
  CLOUDTALK_ANALYTICS_URL: url.default("https://analytics-api.cloudtalk.io/api"),
  CLOUDTALK_INTELLIGENCE_URL: url.default("https://api.cloudtalk.io/v1"),
  CLOUDTALK_PLATFORM_URL: url.default("https://platform-api.cloudtalk.io/api"),
  GHL_API_KEY: z.string().optional(),
  GHL_LOCATION_ID: z.string().optional(),
  GHL_CLIENT_ID: z.string().optional(),
  GHL_CLIENT_SECRET: z.string().optional(),
  GHL_BASE_URL: url.default("https://services.leadconnectorhq.com"),
  GHL_CALL_LOG: z.enum(["provider", "inbound-webhook", "note-only"]).optional(),
  GHL_CONVERSATION_PROVIDER_ID: z.string().optional(),
  GHL_CALL_LOG_URL: url.optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: url.optional(),
  STT_BASE_URL: url.optional(),
  LLM_BASE_URL: url.optional(),
  TRANSCRIPTION_MODEL: z.string().default("whisper-1"),
  ANALYSIS_MODEL: z.string().default("gpt-6-luna"),
  CLOUDTALK_WEBHOOK_SECRET: list,
  GHL_WEBHOOK_SECRET: list,
  CLOUDTALK_SVIX_SECRET: list,
  GHL_WEBHOOK_PUBLIC_KEY: list,
  DATA_KEY: z
    .string()
    .refine((text) => Buffer.from(text, "base64").length === 32, "must be 32 bytes in base64: openssl rand -base64 32")
    .optional(),
  RECORDINGS_URL: z.string().superRefine(assertStorage).optional(),
  RECORDING_ALLOWED_HOSTS: list.refine((hosts) => hosts.every(isHost), "must be hosts or host:port, without a path"),
  UNKNOWN_CALLER: z.enum(["create", "inbox"]).default("create"),
  DEFAULT_COUNTRY: z.string().length(2, "must be a two-letter country code, such as IT").toUpperCase().optional(),
  TIME_ZONE: z.string().refine(isTimeZone, "must be an IANA time zone, such as Europe/Rome").default("UTC"),
  CONFIG_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** The configuration of one account, and of everything that all accounts share. */
export type Config = z.output<typeof schema> & {
  DATA_DIR: string;
  /** Where people and vendors reach us. */
  publicUrl: string;
  settings: Settings;
  /** Links to recordings are worth writing: our address is one that others can reach, or this is a demo. */
  linksAreReachable: boolean;
  cloudtalk: { keyId: string; secret: string } | undefined;
  ghl: GhlAccess | undefined;
};
export type Account = { name: string; config: Config };
/** What a process reads: the environment's account, and those of `CONFIG_FILE`. */
export type InstallationConfig = Config & { accounts: readonly Account[] };

/** Whom an installation works for. `CONFIG_FILE` alone may name them all: then the environment makes no account. */
export function accountsOf(config: InstallationConfig): Account[] {
  return [...(makesAccount(config, config.accounts) ? [{ name: "default", config }] : []), ...config.accounts];
}

/** How one location lets us in: a private integration token, or an app's OAuth, whose tokens lie in the vault. */
export type GhlAccess = { locationId: string } & ({ token: string } | { clientId: string; clientSecret: string });

type Required = readonly (keyof typeof schema.shape)[];

/** Reads and checks the configuration. Throws `ConfigError` that names every bad or missing variable. */
export function readConfig(environment: Environment = process.env, required: Required = []): InstallationConfig {
  const given = present(environment);
  const file = fileOrProblem(given);
  const further = file instanceof ConfigError ? [] : file.accounts;
  const needs = makesAccount(given, further) ? required : required.filter((name) => !isPersonal(name));
  const isAlone = further.length === 0;
  const base = checked(given, needs, isAlone);
  const accounts = further.map(({ name, variables, settings }) => {
    const own = { ...without(given, isPersonal), ...present(variables) };
    return { name, settings, ...checked(own, required.filter(isPersonal), false) };
  });
  const problems = [
    ...base.problems,
    ...(file instanceof ConfigError ? [file.message] : file.unset),
    ...accounts.flatMap(({ name, problems }) =>
      problems.filter((problem) => !base.problems.includes(problem)).map((problem) => inTheFile(name, problem)),
    ),
    ...further.flatMap(({ name }) =>
      name === "default" && makesAccount(given, further)
        ? ["accounts.default: the environment makes this account already"]
        : [],
    ),
  ];
  if (!base.value || file instanceof ConfigError || problems.length > 0) {
    throw new ConfigError(`the configuration is not complete:\n  ${problems.join("\n  ")}`);
  }
  const config = configOf(base.value, file.settings);
  const named = accounts.flatMap(({ name, value, settings }) =>
    value ? [{ name, config: configOf(value, settings) }] : [],
  );
  return { ...config, accounts: named };
}

/** One account's variables, and what is wrong with them. Beside others it need not use what the environment has for all. */
function checked(given: Environment, required: Required, isAlone: boolean) {
  const parsed = schema.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    ...required.filter((name) => given[name] === undefined).map((name) => `${name}: is required here`),
    ...halves
      .filter(([one, other]) => isAlone || isPersonal(one) === isPersonal(other))
      .flatMap(([one, other]) => (given[one] && !given[other] ? [`${other}: is required with ${one}`] : [])),
    ...callLogHalves.flatMap(({ strategy, needs }) =>
      given.GHL_CALL_LOG === strategy && given.GHL_API_KEY && !given[needs]
        ? [`${needs}: is required with GHL_CALL_LOG=${strategy}`]
        : [],
    ),
  ];
  return { value: parsed.data, problems };
}

function configOf(value: z.output<typeof schema>, settings: Settings): Config {
  return {
    ...value,
    settings,
    linksAreReachable: !isLocal(value.PUBLIC_URL ?? "http://localhost"),
    DATA_DIR: resolve(value.DATA_DIR),
    publicUrl: (value.PUBLIC_URL ?? `http://localhost:${value.PORT}`).replace(/\/+$/, ""),
    cloudtalk: cloudtalkKey(value),
    ghl: ghlAccess(value),
  };
}

type VendorVariables = {
  [name in "CLOUDTALK_API_KEY" | "CLOUDTALK_API_KEY_ID" | "GHL_LOCATION_ID"]?: string | undefined;
};

/** Beside accounts of the file, the environment makes one only when it names a CloudTalk company or a GHL location. */
function makesAccount(given: VendorVariables, further: readonly unknown[]): boolean {
  return Boolean(
    further.length === 0 || given.CLOUDTALK_API_KEY || given.CLOUDTALK_API_KEY_ID || given.GHL_LOCATION_ID,
  );
}

function without(given: Environment, leaves: (name: string) => boolean): Environment {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !leaves(name)));
}

/** The first is of no use without the second. */
const halves = [
  ["GHL_API_KEY", "GHL_LOCATION_ID"],
  ["GHL_CLIENT_ID", "GHL_CLIENT_SECRET"],
  ["GHL_CLIENT_SECRET", "GHL_CLIENT_ID"],
  ["GHL_CLIENT_ID", "GHL_LOCATION_ID"],
  ["CLOUDTALK_API_KEY_ID", "CLOUDTALK_API_SECRET"],
  ["CLOUDTALK_API_SECRET", "CLOUDTALK_API_KEY_ID"],
] as const;

/** How calls get into the conversation history of a real CRM; the twin's provider needs no name. */
const callLogHalves = [
  { strategy: "provider", needs: "GHL_CONVERSATION_PROVIDER_ID" },
  { strategy: "inbound-webhook", needs: "GHL_CALL_LOG_URL" },
] as const;

/**
 * An empty variable is one that was not set: compose files and manifests write `NAME=`. Secrets made from files end with
 * a line break that nobody meant.
 */
function present(environment: Environment): Environment {
  const trimmed = Object.entries(environment).map(([name, value]) => [name, value?.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== undefined && value !== ""));
}

function fileOrProblem(given: Environment): ConfigFile | ConfigError {
  try {
    return readConfigFile(given.CONFIG_FILE, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function cloudtalkKey(value: z.output<typeof schema>): Config["cloudtalk"] {
  if (value.CLOUDTALK_API_KEY_ID && value.CLOUDTALK_API_SECRET) {
    return { keyId: value.CLOUDTALK_API_KEY_ID, secret: value.CLOUDTALK_API_SECRET };
  }
  const [keyId, ...secret] = value.CLOUDTALK_API_KEY?.split(":") ?? [];
  return keyId ? { keyId, secret: secret.join(":") } : undefined;
}

/** A private token wins: it needs nobody's consent and never ends by itself. */
function ghlAccess(value: z.output<typeof schema>): GhlAccess | undefined {
  const { GHL_LOCATION_ID: locationId, GHL_API_KEY: token } = value;
  const { GHL_CLIENT_ID: clientId, GHL_CLIENT_SECRET: clientSecret } = value;
  if (!locationId) return undefined;
  if (token) return { token, locationId };
  return clientId && clientSecret ? { clientId, clientSecret, locationId } : undefined;
}

/** Whether any vendor key is set, or any account named: then nothing of the twin may be used. */
export function hasVendorKey(config: InstallationConfig): boolean {
  return Boolean(
    config.accounts.length > 0 ||
      config.cloudtalk ||
      config.GHL_API_KEY ||
      config.GHL_CLIENT_ID ||
      config.OPENAI_API_KEY ||
      config.OPENAI_BASE_URL ||
      config.STT_BASE_URL ||
      config.LLM_BASE_URL,
  );
}

/** Secrets that a standalone installation makes for itself once and keeps in `DATA_DIR`, readable by its owner only. */
export function ownSecret(dataDir: string, name: string, make = () => randomBytes(32).toString("base64url")): string {
  const file = join(dataDir, "secrets", name);
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  mkdirSync(join(dataDir, "secrets"), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    // Another process was faster; its secret is ours.
    if (!existsSync(file)) throw error;
  }
  return readFileSync(file, "utf8").trim();
}

/** What is configured, for the one line at start-up. Secrets appear as true or false. */
export function describeConfig(config: Config, accounts: readonly Account[]): Record<string, unknown> {
  return {
    port: config.PORT,
    publicUrl: config.publicUrl,
    database: config.DATABASE_URL ? "external" : "embedded",
    bus: config.NATS_URL ? "nats" : "embedded",
    accounts: Object.fromEntries(accounts.map(({ name, config: own }) => [name, describeAccount(own)])),
  };
}

function describeAccount(config: Config): Record<string, unknown> {
  return {
    cloudtalk: Boolean(config.cloudtalk),
    ghl: describeGhl(config),
    speechToText: Boolean(config.OPENAI_API_KEY || config.STT_BASE_URL || config.OPENAI_BASE_URL),
    callLog: config.GHL_CALL_LOG ?? "first configured",
    timeZone: config.TIME_ZONE,
  };
}

function describeGhl({ ghl, GHL_CLIENT_ID: clientId }: Config): string | false {
  if (ghl === undefined) return false;
  if ("clientId" in ghl) return "OAuth";
  return clientId ? "private token; OAuth is configured too and not used" : "private token";
}

function isLocal(address: string): boolean {
  return /^(localhost|127\.|\[::1\])/.test(new URL(address).host);
}

const isHost = (text: string) =>
  URL.canParse(`http://${text}`) && new URL(`http://${text}`).pathname === "/" && !/[/@]/.test(text);

function isReadable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

function assertStorage(storageUrl: string, context: z.RefinementCtx): void {
  try {
    createStorage({ url: storageUrl, key: Buffer.alloc(32) });
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
