import type { EventLog } from "@callbridge/event-log";
import { foldCall, isEvent } from "@callbridge/events";
import { openReadModels, type Question, type ReadModels } from "@callbridge/read-models";
import { type Command, Option } from "commander";
import { nameOfAccount } from "./account.ts";
import { streamOf } from "./contact-answer.ts";
import { type ResolveOptions, resolve, unlink } from "./contacts-resolve.ts";
import type { CliDeps } from "./deps.ts";
import { mask } from "./masking.ts";
import { type OpenLog, withLog } from "./open-log.ts";
import { accountOption, dryRunOption, jsonOption, personalOption } from "./options.ts";
import { plural, print, printJson } from "./output.ts";
import { shortTime, table } from "./table.ts";

type InboxOptions = { account?: string; json?: true; personal?: true };

/** `callbridge contacts`: who is who where the machine must not guess (docs/identity.md). */
export function registerContacts(program: Command, deps: CliDeps): void {
  const contacts = program.command("contacts").description("who is who on both sides, where only a person can decide");
  contacts
    .command("inbox", { isDefault: true })
    .description("records and calls of which nobody knows whose they are, the oldest question first")
    .addOption(new Option("--account <name>", "only of this account"))
    .addOption(jsonOption())
    .addOption(personalOption())
    .action((options: InboxOptions) => withContacts(deps, (opened) => inbox(deps, opened, options)));
  contacts
    .command("resolve")
    .argument("<id>", "of a CloudTalk contact, or of a call, which stands for its caller")
    .description("say whose it is: link the records, and have every call noted that waited for it")
    .option("--ghl <contact>", "the id of the GoHighLevel contact")
    .option("--none", "it is nobody in the CRM: ask no more")
    .addOption(accountOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((name: string, options: ResolveOptions & { account?: string }) =>
      withContacts(deps, ({ config, ...opened }) =>
        resolve(deps, { ...opened, account: nameOfAccount(options.account, config) }, name, options),
      ),
    );
  contacts
    .command("unlink")
    .argument("<id>", "of the CloudTalk contact")
    .description("say that two linked records are two people: they are parted and never linked again by themselves")
    .addOption(accountOption())
    .addOption(dryRunOption())
    .addOption(jsonOption())
    .action((name: string, options: ResolveOptions & { account?: string }) =>
      withContacts(deps, ({ config, ...opened }) =>
        unlink(deps, { ...opened, account: nameOfAccount(options.account, config) }, name, options),
      ),
    );
}

type Tables = Pick<OpenLog, "log" | "config"> & { readModels: ReadModels };

async function withContacts(deps: CliDeps, work: (opened: Tables) => Promise<void>): Promise<void> {
  await withLog(deps, async ({ log, keyring, config }) => {
    const readModels = openReadModels({ log, keyring });
    try {
      // Right also when nothing runs that keeps the tables fresh.
      await readModels.catchUp();
      await work({ log, readModels, config });
    } finally {
      await readModels.close();
    }
  });
}

async function inbox(deps: CliDeps, { log, readModels }: Tables, options: InboxOptions): Promise<void> {
  const questions = await readModels.openQuestions(options.account);
  const shown = [];
  for (const question of questions) shown.push({ ...question, ...(await whoIs(log, question, options.personal)) });
  if (options.json) return printJson(deps, shown);
  if (shown.length === 0) return print(deps, "Nobody waits for an answer.");
  const isOneAccount = new Set(shown.map(({ account }) => account)).size === 1;
  const rows = shown.map(({ account, resolve: id, name, phone, since, calls, because, candidates }) => [
    ...(isOneAccount ? [] : [account]),
    ...[
      id,
      name ?? "",
      phone ?? "",
      shortTime(since),
      String(calls),
      because.replaceAll("-", " "),
      candidates.join(" "),
    ],
  ]);
  const header = ["resolve", "name", "number", "since", "calls", "because", "candidates"];
  print(deps, table(isOneAccount ? header : ["account", ...header], rows, deps.stdout.columns));
  print(
    deps,
    `\n${plural(shown.length, "question")}. \`callbridge contacts resolve <resolve> --ghl <candidate>\` answers one.`,
  );
}

type Who = { resolve: string; name?: string | undefined; phone?: string | undefined };

/** What a person recognises somebody by, and the id that `resolve` takes for them. */
async function whoIs(log: EventLog, { account, asked, newestCall }: Question, personal?: true): Promise<Who> {
  const shown = (text: string | undefined) => (personal ? text : (mask(text) as string | undefined));
  const call = newestCall === undefined ? undefined : foldCall((await log.stream(account, newestCall)).events);
  const record = "call" in asked ? [] : (await log.stream(account, streamOf(asked))).events;
  const seen = record.findLast((event) => isEvent(event, "contact.observed"));
  const told = record.findLast((event) => isEvent(event, "contact.reported"));
  const phones = (seen && "phones" in seen.personal ? seen.personal.phones : told?.personal.phones) ?? [];
  const name =
    (seen && isEvent(seen, "contact.observed") ? seen.personal.fields?.name : undefined) ?? told?.personal.name;
  const id =
    "cloudtalkContactId" in asked ? asked.cloudtalkContactId : "ghlContactId" in asked ? asked.ghlContactId : undefined;
  return {
    resolve: id ?? call?.callId ?? call?.callUuid ?? newestCall ?? "",
    name: shown(call?.contactName ?? name),
    phone: shown(call?.externalPhone ?? phones[0]),
  };
}
