import { setTimeout as wait } from "node:timers/promises";
import { readConfig, readRuntimeFile } from "@callbridge/service";
import { z } from "zod";

/** What the demo reads of the twin's page of a contact. */
const pageSchema = z.object({
  contact: z.looseObject({
    name: z.string().nullish(),
    firstName: z.string().nullish(),
    lastName: z.string().nullish(),
    phone: z.string(),
  }),
  notes: z.array(z.looseObject({ id: z.string(), body: z.string() })),
  messages: z.array(z.looseObject({ id: z.string(), altId: z.string().nullish() })),
  customFields: z.array(z.looseObject({ name: z.string(), value: z.unknown() })),
});
type Page = z.infer<typeof pageSchema>;

const limitMs = 30_000;
/** The fields are written beside the note. They tell of the latest call, which another one may be: then they stay. */
const fieldsLimitMs = 3_000;
const pollMs = 100;

/** `npm run demo`: plays one call through the running system and prints what the CRM then shows. */
async function demo(): Promise<void> {
  const twinUrl = runningTwin(readConfig().DATA_DIR);
  const person = await firstPerson(twinUrl);
  const before = await pageOf(twinUrl, person.ghlContactId);
  console.log(`Playing a call from ${person.name} (${person.phone}) …\n`);
  const played = z
    .object({ callId: z.string(), sent: z.array(z.object({ path: z.string(), status: z.number() })) })
    .parse(await ask(`${twinUrl}/twin/calls`, { from: person.phone }));
  for (const { path, status } of played.sent) console.log(`  webhook ${path} → ${status}`);
  const begun = Date.now();
  const page = await untilWritten(twinUrl, person.ghlContactId, before, played.callId);
  console.log(`\nAfter ${((Date.now() - begun) / 1000).toFixed(1)} s the CRM shows on ${nameOf(page)}:\n`);
  const fresh = page.notes.filter(({ id }) => !before.notes.some((note) => note.id === id));
  for (const note of fresh) console.log(`NOTE\n${indent(note.body)}\n`);
  for (const message of page.messages.filter(({ id }) => !before.messages.some((one) => one.id === id))) {
    console.log(`CALL IN THE CONVERSATION\n${indent(JSON.stringify(message, undefined, 1))}\n`);
  }
  console.log(fieldsDiffer(page, before) ? "CUSTOM FIELDS" : "CUSTOM FIELDS (unchanged: a later call is known)");
  for (const { name, value } of page.customFields) console.log(`  ${name}: ${String(value)}`);
}

function runningTwin(dataDir: string): string {
  const running = readRuntimeFile(dataDir);
  if (!running) {
    throw new Error("nothing is running here: start it with `npm start` in another terminal, then run the demo again");
  }
  if (running.twinUrl) return running.twinUrl;
  throw new Error("the running system works with real vendors; the demo plays its call only on the twin");
}

async function firstPerson(twinUrl: string) {
  const person = z.object({ name: z.string(), phone: z.string(), ghlContactId: z.string() });
  const [first] = z.object({ people: z.array(person) }).parse(await ask(`${twinUrl}/twin/contacts`)).people;
  if (!first) throw new Error("the twin knows nobody");
  return first;
}

async function untilWritten(twinUrl: string, contactId: string, before: Page, callId: string): Promise<Page> {
  let notedAt: number | undefined;
  for (const end = Date.now() + limitMs; ; ) {
    const page = await pageOf(twinUrl, contactId);
    const now = Date.now();
    if (page.notes.length > before.notes.length && page.messages.length > before.messages.length) notedAt ??= now;
    if (notedAt !== undefined && (fieldsDiffer(page, before) || now > notedAt + fieldsLimitMs)) return page;
    if (now > end) {
      const why = `npm run callbridge -- call ${callId}`;
      throw new Error(`the call did not arrive in the CRM within ${limitMs / 1000} s. What it waits for:  ${why}`);
    }
    await wait(pollMs);
  }
}

const fieldsDiffer = (page: Page, before: Page) =>
  JSON.stringify(page.customFields) !== JSON.stringify(before.customFields);
const pageOf = async (twinUrl: string, contactId: string) =>
  pageSchema.parse(await ask(`${twinUrl}/twin/contacts/${contactId}`));
const nameOf = ({ contact }: Page) => contact.name ?? [contact.firstName, contact.lastName].filter(Boolean).join(" ");
const indent = (text: string) => text.replace(/^/gm, "  ");

async function ask(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(
    url,
    body === undefined
      ? {}
      : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } },
  );
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

try {
  await demo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
