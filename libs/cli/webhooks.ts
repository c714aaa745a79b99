import { cloudTalkTemplates } from "@callbridge/cloudtalk";
import { secretPlaceholder, type WebhookTemplate } from "@callbridge/events";
import { ghlTemplates } from "@callbridge/ghl";
import type { Config, InstallationConfig } from "@callbridge/service";
import { type Command, InvalidArgumentError } from "commander";
import { nameOfAccount } from "./account.ts";
import type { CliDeps } from "./deps.ts";
import { asItRuns } from "./open-log.ts";
import { jsonOption } from "./options.ts";
import { print, printJson, say } from "./output.ts";
import { storedSecret } from "./stored-secret.ts";
import { oneLine } from "./table.ts";

type WebhooksOptions = { account?: string; brief?: true; json?: true; showSecrets?: true };

const vendors = [
  {
    name: "CloudTalk",
    where: "Workflow Automations, one automation for each endpoint",
    templates: cloudTalkTemplates,
    variable: "CLOUDTALK_WEBHOOK_SECRET",
    file: "cloudtalk-webhook-secret",
  },
  {
    name: "GoHighLevel",
    where: "Automation → Workflows, one workflow for each endpoint, with one of two actions",
    templates: ghlTemplates,
    variable: "GHL_WEBHOOK_SECRET",
    file: "ghl-webhook-secret",
  },
] as const;

/** Addresses whose senders sign; nothing is pasted there but the address. */
const signed = [
  {
    path: "/api/cloudtalk-webhooks",
    where: "CloudTalk, Account → Webhooks, where the account has it",
    needs: "its signing secret in CLOUDTALK_SVIX_SECRET",
  },
  {
    path: "/api/ghl-webhooks",
    where: "GoHighLevel, a Marketplace app's webhook address",
    needs: "nothing: GHL's published key is known (another one in GHL_WEBHOOK_PUBLIC_KEY)",
  },
];

/** `callbridge webhooks`: what to paste into the two products, so that their events come here. */
export function registerWebhooks(program: Command, deps: CliDeps): void {
  program
    .command("webhooks")
    .description("every address of this installation, and the bodies to paste into CloudTalk and GoHighLevel")
    .option("--account <name>", "the addresses of this account instead of the default one", accountName)
    .option("--brief", "the addresses only")
    .option("--show-secrets", "show the secrets although the output is no terminal")
    .addOption(jsonOption())
    .action((options: WebhooksOptions) => show(deps, asItRuns(deps.environment), options));
}

function accountName(text: string): string {
  if (!/^[\w-]+$/.test(text)) throw new InvalidArgumentError("Give the name of an account: letters, digits, - and _.");
  return text;
}

type Printed = WebhookTemplate & { url: string };

function show(deps: CliDeps, installation: InstallationConfig, options: WebhooksOptions): void {
  const account = nameOfAccount(options.account, installation);
  const named = installation.accounts.find(({ name }) => name === account);
  const config = named?.config ?? installation;
  const base = config.publicUrl;
  const isNamed = options.account !== undefined || named !== undefined;
  const url = (path: string) => base + (isNamed ? path.replace("/api/", `/api/a/${account}/`) : path);
  const shows = options.showSecrets === true || deps.stdout.isTTY === true;
  const groups = vendors.map(({ name, where, templates, ...secretOf }) => {
    const { shown, from } = secretIn(config, named?.name, secretOf, shows);
    const webhooks = templates.map((template): Printed => {
      const header = template.header.replace(secretPlaceholder, () => shown);
      return { ...template, url: url(template.path), header };
    });
    return { vendor: name, where, secret: from, header: webhooks[0]?.header ?? "", webhooks };
  });
  const bySignature = signed.map(({ path, ...what }) => ({ url: url(path), ...what }));
  if (isLocal(base)) {
    say(deps, `${base} is reached from this machine only: set PUBLIC_URL to the address that the vendors shall use.`);
  }
  if (options.json) {
    printJson(deps, { publicUrl: base, groups, signed: bySignature });
    return;
  }
  for (const { vendor, where, secret, header, webhooks } of groups) {
    print(deps, `${vendor}: ${where}. Secret: ${secret}.\n`);
    if (options.brief)
      print(deps, `${[header, ...new Set(webhooks.map((one) => one.url))].map(indented).join("\n")}\n`);
    else printBodies(deps, webhooks);
  }
  print(deps, "Signed by the vendor:");
  for (const one of bySignature) print(deps, `  ${one.url}\n    ${one.where}; needs ${one.needs}`);
}

/** What holds for all of them is said once. */
function printBodies(deps: CliDeps, webhooks: readonly Printed[]): void {
  const [first, ...others] = webhooks;
  const common = first?.besides.filter((line) => others.every(({ besides }) => besides.includes(line))) ?? [];
  if (common.length > 0) print(deps, `${["For each of them:", ...common.map(indented)].join("\n")}\n`);
  for (const webhook of webhooks) {
    print(deps, `${asText({ ...webhook, besides: webhook.besides.filter((line) => !common.includes(line)) })}\n`);
  }
}

const indented = (line: string) => `  ${oneLine(line)}`;

const isLocal = (url: string) => /^(localhost|127\.|\[::1\])/.test(new URL(url).host);

type SecretOf = Pick<(typeof vendors)[number], "variable" | "file">;

/** The first of the live secrets: it is the one to set up anew. `from` says where it is, for people. */
function secretIn(
  config: Config,
  account: string | undefined,
  { variable, file }: SecretOf,
  shows: boolean,
): { shown: string; from: string } {
  const [given] = config[variable];
  const own = account === undefined ? file : `${account}.${file}`;
  const stored = given === undefined ? storedSecret(config.DATA_DIR, own) : undefined;
  const secret = given ?? stored?.secret;
  if (secret === undefined) {
    return { shown: `<${variable}>`, from: `none yet: start Callbridge once, or set ${variable}` };
  }
  const from = stored?.file ?? variable;
  return shows ? { shown: secret, from } : { shown: `<${variable}>`, from: `${from} (--show-secrets shows it)` };
}

function asText({ endpoint, trigger, action, url, method, header, body, ...template }: Printed): string {
  const { bodyGoesTo, needsOneOf, event, besides } = template;
  return [
    `${endpoint} (${action})`,
    `  trigger  ${trigger}`,
    `  URL      ${method} ${url}`,
    `  header   ${oneLine(header)}`,
    `  body     ${bodyGoesTo}:`,
    ...JSON.stringify(body, undefined, 2)
      .split("\n")
      .map((line) => `    ${line}`),
    ...(needsOneOf.length > 0 ? [`  needs    ${needsOneOf.join(" or ")}; everything else may be empty`] : []),
    `  becomes  ${event}`,
    ...besides.map((line) => `  note     ${line}`),
  ].join("\n");
}
