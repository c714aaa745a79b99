import { z } from "zod";
import type { Person } from "./person.ts";
import type { SetChange } from "./three-way.ts";

const texts = z.array(z.string());
const set = z.object({ add: texts, remove: texts });
const main = z.object({ from: z.string(), to: z.string() });

/** What a write to a contact changes, of either side. A write that changes something else reads as an empty one. */
const write = z.object({
  fields: z.array(z.object({ key: z.string(), field: z.string(), from: z.string(), to: z.string() })).optional(),
  phones: set.optional(),
  emails: set.optional(),
  /** GHL's main ones. */
  phone: main.optional(),
  email: main.optional(),
  add: texts.optional(),
  remove: texts.optional(),
});
type Write = z.output<typeof write>;

export function writeOf(input: unknown): Write {
  return write.safeParse(input).data ?? {};
}

/** A person after a write that came off. */
export function applied(person: Person, { fields = [], phones, emails, phone, email, add, remove }: Write): Person {
  const kept = { ...person.fields };
  for (const { key, to } of fields) {
    if (to === "") delete kept[key];
    else kept[key] = to;
  }
  return {
    fields: kept,
    phones: replaced(changed(person.phones, phones), phone),
    emails: replaced(changed(person.emails, emails), email),
    tags: add || remove ? changed(person.tags, { add: add ?? [], remove: remove ?? [] }) : person.tags,
  };
}

/** Whether a write that is under way will be carried out: not when somebody has changed what it was decided on. */
export function willComeOff({ fields, phones, emails }: Person, write: Write): boolean {
  const isAsDecided = (now: string | undefined, { from, to }: { from: string; to: string }) =>
    [from, to].includes(now ?? "");
  return (
    (write.fields ?? []).every((field) => isAsDecided(fields[field.key], field)) &&
    (!write.phone || isAsDecided(phones[0], write.phone)) &&
    (!write.email || isAsDecided(emails[0], write.email))
  );
}

function changed(items: string[], change: SetChange | undefined): string[] {
  if (!change) return items;
  const kept = items.filter((item) => !change.remove.includes(item));
  return [...new Set([...kept, ...change.add])].sort();
}

/** The main one stands first. */
function replaced(items: string[], change: { from: string; to: string } | undefined): string[] {
  if (!change) return items;
  return [change.to, ...items.filter((item) => item !== change.from && item !== change.to)];
}
