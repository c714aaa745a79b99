import { z } from "zod";

/** Values by the names of the environment's variables. */
export type Variables = Record<string, string | undefined>;

/** For an account of `CONFIG_FILE`, what the environment is for the account `default`: each entry stands for a variable. */
const groups = {
  cloudtalk: {
    keyId: "CLOUDTALK_API_KEY_ID",
    secret: "CLOUDTALK_API_SECRET",
    webhookSecrets: "CLOUDTALK_WEBHOOK_SECRET",
    svixSecrets: "CLOUDTALK_SVIX_SECRET",
    baseUrl: "CLOUDTALK_BASE_URL",
    analyticsUrl: "CLOUDTALK_ANALYTICS_URL",
    intelligenceUrl: "CLOUDTALK_INTELLIGENCE_URL",
    platformUrl: "CLOUDTALK_PLATFORM_URL",
  },
  ghl: {
    token: "GHL_API_KEY",
    locationId: "GHL_LOCATION_ID",
    clientId: "GHL_CLIENT_ID",
    clientSecret: "GHL_CLIENT_SECRET",
    webhookSecrets: "GHL_WEBHOOK_SECRET",
    webhookPublicKeys: "GHL_WEBHOOK_PUBLIC_KEY",
    callLog: "GHL_CALL_LOG",
    conversationProviderId: "GHL_CONVERSATION_PROVIDER_ID",
    callLogUrl: "GHL_CALL_LOG_URL",
    baseUrl: "GHL_BASE_URL",
  },
  openai: {
    apiKey: "OPENAI_API_KEY",
    baseUrl: "OPENAI_BASE_URL",
    speechUrl: "STT_BASE_URL",
    languageUrl: "LLM_BASE_URL",
    transcriptionModel: "TRANSCRIPTION_MODEL",
    analysisModel: "ANALYSIS_MODEL",
  },
};
const singles = {
  recordingAllowedHosts: "RECORDING_ALLOWED_HOSTS",
  unknownCaller: "UNKNOWN_CALLER",
  defaultCountry: "DEFAULT_COUNTRY",
  timeZone: "TIME_ZONE",
};
/** Where each variable stands in an account, such as `ghl.token`. */
const places = new Map([
  ...Object.entries(groups).flatMap(([group, names]) =>
    Object.entries(names).map(([entry, variable]) => [variable, `${group}.${entry}`] as const),
  ),
  ...Object.entries(singles).map(([entry, variable]) => [variable, entry] as const),
]);

/** Addresses, and the Marketplace app, which every account uses unless it has others. */
const shared = new Set([
  "CLOUDTALK_BASE_URL",
  "CLOUDTALK_ANALYTICS_URL",
  "CLOUDTALK_INTELLIGENCE_URL",
  "CLOUDTALK_PLATFORM_URL",
  "GHL_BASE_URL",
  "GHL_CLIENT_ID",
  "GHL_CLIENT_SECRET",
]);

/** Whether a variable is one account's alone, so that no other account may take it from the environment. */
export const isPersonal = (variable: string) => /^(CLOUDTALK|GHL)_/.test(variable) && !shared.has(variable);

/** Says of an account's problem where in the file it is: `GHL_API_KEY` is `accounts.acme.ghl.token`. */
export function inTheFile(account: string, problem: string): string {
  return problem.replace(/[A-Z]+(_[A-Z]+)+/g, (variable) => {
    const place = places.get(variable);
    return place === undefined ? variable : `accounts.${account}.${place}`;
  });
}

/** As in the environment, several are separated by commas. */
const given = z.union([z.string(), z.array(z.string()).transform((several) => several.join(","))]).optional();
const object = (entries: Record<string, string>) =>
  z.strictObject(Object.fromEntries(Object.keys(entries).map((entry) => [entry, given]))).optional();

/** What an account may have beside settings of its own. */
export const accountEntries = {
  cloudtalk: object(groups.cloudtalk),
  ghl: object(groups.ghl),
  openai: object(groups.openai),
  recordingAllowedHosts: given,
  unknownCaller: given,
  defaultCountry: given,
  timeZone: given,
};
type Given = { [name in keyof typeof accountEntries]?: z.output<(typeof accountEntries)[name]> };

/** An account as it was read: its variables, and everything else. */
export function splitAccount<T extends Given>({
  cloudtalk,
  ghl,
  openai,
  recordingAllowedHosts,
  unknownCaller,
  defaultCountry,
  timeZone,
  ...settings
}: T) {
  const variables = {
    ...named(groups.cloudtalk, cloudtalk),
    ...named(groups.ghl, ghl),
    ...named(groups.openai, openai),
    ...named(singles, { recordingAllowedHosts, unknownCaller, defaultCountry, timeZone }),
  };
  return { variables, settings };
}

function named(names: Record<string, string>, values: Record<string, string | undefined> = {}): Variables {
  return Object.fromEntries(Object.entries(names).map(([entry, variable]) => [variable, values[entry]]));
}

const accountName = /^[a-z0-9-]{1,40}$/;
/** What the twin's account did must never be taken for the real thing. */
const twinName = "demo";

export function checkNames(accounts: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const name of Object.keys(accounts)) {
    const message = accountName.test(name)
      ? name === twinName && "this name is the twin's"
      : "an account's name has lower-case letters, digits and -, at most 40";
    if (message) context.addIssue({ code: "custom", path: [name], message });
  }
}

/** The environment's secrets in the place of `${NAME}`, and where one is missing. */
export function withSecrets(accounts: unknown, environment: Variables): { filled: unknown; unset: string[] } {
  const unset: string[] = [];
  const fill = (value: unknown, path: string): unknown => {
    if (typeof value === "string") {
      const [, name] = /^\$\{(\w+)\}$/.exec(value) ?? [];
      if (name === undefined) return value;
      if (!environment[name]) unset.push(`${path}: ${name} is not set`);
      return environment[name] ?? "not set";
    }
    if (Array.isArray(value)) return value.map((one) => fill(one, path));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, `${path}.${key}`)]));
  };
  return { filled: fill(accounts, "accounts"), unset };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
