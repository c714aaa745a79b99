import type { TwinInProcess } from "@callbridge/twin";
import { type Beginning, type Deed, numbersPerPerson, type Side, tags } from "./schedule.ts";

type State = ReturnType<TwinInProcess["control"]["state"]>;
type GhlRecord = NonNullable<ReturnType<State["ghl"]["contacts"]["get"]>>;
type CloudTalkRecord = NonNullable<ReturnType<State["cloudtalk"]["contacts"]["get"]>>;

/** The attributes and custom fields beside those that every twin has: one that is mapped, one that is nobody's business. */
const fieldIds = { plan: "10200", unmapped: "10201" } as const;

const phoneOf = (person: number, nth: number) => `+39300000${person}${nth}0`;
const emailOf = (person: number, nth: number) => `p${person}-${nth}@people.example`;
const nths = Array.from({ length: numbersPerPerson }, (_, nth) => nth);

export function defineFields({ control }: TwinInProcess): void {
  const { cloudtalk, ghl } = control.state();
  cloudtalk.attributes.push({ id: fieldIds.plan, title: "Plan" }, { id: fieldIds.unmapped, title: "Own" });
  for (const name of ["plan", "unmapped"] as const) {
    const common = { dataType: "TEXT", placeholder: "", position: 0, model: "contact" as const, picklistOptions: [] };
    ghl.customFields.set(fieldIds[name], { ...common, id: fieldIds[name], name, fieldKey: `contact.${name}` });
  }
}

/** The records that a person has on a side: with a number of theirs, or known by id from when they had one. */
export function recordsOf({ control }: TwinInProcess, person: number, side: Side, known: Set<string>): string[] {
  const numbers = new Set(nths.map((nth) => phoneOf(person, nth)));
  const { cloudtalk, ghl } = control.state();
  const all =
    side === "ghl"
      ? [...ghl.contacts.values()].map((one) => ({ id: one.id, phones: [one.phone, ...one.additionalPhones] }))
      : [...cloudtalk.contacts.values()].map((one) => ({ id: one.id, phones: one.numbers }));
  const own = all.filter(({ id, phones }) => known.has(id) || phones.some((phone) => phone && numbers.has(phone)));
  for (const { id } of own) known.add(id);
  return own.map(({ id }) => id);
}

/** A value that people care about → what it is. What lies on one side alone has the side in its name. */
export type Shown = ReadonlyMap<string, string>;

export function shown({ control }: TwinInProcess, side: Side, id: string): Shown | undefined {
  const { cloudtalk, ghl } = control.state();
  const raw = side === "ghl" ? ofGhl(ghl.contacts.get(id)) : ofCloudTalk(cloudtalk.contacts.get(id));
  if (!raw) return undefined;
  const { texts, own, tags: names, phones, emails, links } = raw;
  // What CloudTalk calls by this name is another tag in GHL.
  const isIgnored = (tag: string) => tags.ignored.includes(tag) || (side === "ghl" && tag === "vip customer");
  return new Map([
    ...Object.entries(texts).map(([name, text]) => [`text:${name}`, text ?? ""] as const),
    ...Object.entries(own).map(([name, text]) => [`own@${side}:${name}`, text ?? ""] as const),
    ...names.filter(isIgnored).map((tag) => [`own@${side}:tag ${tag}`, "yes"] as const),
    ...names.filter((tag) => !isIgnored(tag)).map((tag) => [`tag:${sharedName(tag)}`, "yes"] as const),
    ...phones.map((phone) => [`phone:${phone}`, "yes"] as const),
    ...emails.map((email) => [`email:${email.toLowerCase()}`, "yes"] as const),
    ...links.map((url) => [`own@${side}:link ${url}`, "yes"] as const),
  ]);
}

const sharedName = (tag: string) => (tag === "VIP customer" ? "vip" : tag.toLowerCase());

function ofGhl(contact: GhlRecord | undefined) {
  if (!contact) return undefined;
  const custom = (id: string) => String(contact.customFields.find((one) => one.id === id)?.value ?? "");
  return {
    texts: {
      name: [contact.firstName, contact.lastName].filter(Boolean).join(" "),
      city: contact.details.city,
      plan: custom(fieldIds.plan),
      company: contact.companyName,
    },
    own: { unmapped: custom(fieldIds.unmapped) },
    tags: contact.tags,
    phones: [contact.phone, ...contact.additionalPhones].flatMap((one) => one || []),
    emails: [contact.email, ...contact.additionalEmails].flatMap((one) => one || []),
    links: [] as string[],
  };
}

const isOurs = (url: string) => url.includes("/contacts/detail/");

function ofCloudTalk(contact: CloudTalkRecord | undefined) {
  if (!contact) return undefined;
  const attribute = (id: string) => contact.attributes.find((one) => one.attributeId === id)?.value;
  return {
    texts: {
      name: contact.name,
      city: contact.details.city,
      plan: attribute(fieldIds.plan),
      company: contact.details.company,
    },
    own: { unmapped: attribute(fieldIds.unmapped), title: contact.details.title },
    tags: contact.tags,
    phones: contact.numbers,
    emails: contact.emails,
    links: contact.externalUrls.map(({ url }) => url).filter((url) => !isOurs(url)),
  };
}

type Telling = { report: "app" | "workflow" | "both" | "off" };

/** Somebody makes a record by hand. Numbers and addresses of CloudTalk and GHL overlap in the first one at least. */
export async function begin(twin: TwinInProcess, person: number, side: Side, start: Beginning, telling: Telling) {
  const { inGhl, inCloudTalk } = twin.control;
  const phones = [...new Set([0, ...start.phones])].map((nth) => phoneOf(person, nth));
  const emails = start.emails.map((nth) => emailOf(person, nth));
  const name = `Person ${person}`;
  if (side === "ghl") {
    const fields = { name, phone: phones[0], tags: start.tags, city: start.city };
    const customFields = [
      { id: fieldIds.plan, field_value: start.plan },
      { id: fieldIds.unmapped, field_value: "kept" },
    ];
    const id = await inGhl.create({ ...fields, ...(emails[0] && { email: emails[0] }), customFields }, telling);
    const more = { additionalPhones: phones.slice(1), additionalEmails: emails.slice(1) };
    await inGhl.edit(id, more, { report: "off" });
    return id;
  }
  return await inCloudTalk.create(
    {
      ...{ name, city: start.city, title: "Dr.", ContactNumber: numbers(phones), ContactEmail: addresses(emails) },
      ContactsTag: start.tags.map((one) => ({ name: one })),
      ContactAttribute: attributes([
        [fieldIds.plan, start.plan],
        [fieldIds.unmapped, "kept"],
      ]),
      ExternalUrl: [{ name: "Shop", url: `https://shop.example/${person}` }],
    },
    telling,
  );
}

const numbers = (phones: string[]) => (phones.length === 0 ? "" : phones.map((one) => ({ public_number: one })));
const addresses = (emails: string[]) => (emails.length === 0 ? "" : emails.map((email) => ({ email })));
const attributes = (values: [string, string][]) =>
  values.filter(([, value]) => value !== "").map(([attribute_id, value]) => ({ attribute_id, value }));

/** Does it, at once; the webhooks are on their way when this returns. False: there is nothing to be done it to. */
export function act(twin: TwinInProcess, { person, side, what }: Deed, id: string, telling: Telling): Promise<void> {
  return side === "ghl" ? actInGhl(twin, person, what, id, telling) : actInCloudTalk(twin, person, what, id, telling);
}

async function actInGhl(twin: TwinInProcess, person: number, what: Deed["what"], id: string, telling: Telling) {
  const { inGhl } = twin.control;
  const contact = twin.control.state().ghl.contacts.get(id);
  if (!contact) return;
  const edit = (fields: Record<string, unknown>) => inGhl.edit(id, fields, telling);
  const { phone, additionalPhones: phones, email, additionalEmails: emails } = contact;
  switch (what.act) {
    case "text": {
      const { field, text } = what;
      if (field === "plan" || field === "unmapped") {
        return edit({ customFields: [{ id: fieldIds[field], field_value: text }] });
      }
      if (field === "name") return edit({ name: text });
      return edit({ [field === "company" ? "companyName" : "city"]: text });
    }
    case "tag":
      return inGhl.tag(id, [what.tag === "VIP customer" ? "vip" : what.tag], telling);
    case "untag":
      return inGhl.untag(id, [what.tag === "VIP customer" ? "vip" : what.tag], telling);
    case "phone": {
      const one = phoneOf(person, what.nth);
      return phone
        ? edit({ additionalPhones: [...new Set([...phones, one])].filter((other) => other !== phone) })
        : edit({ phone: one });
    }
    case "unphone": {
      const rest = [phone, ...phones].filter((other) => other && other !== phoneOf(person, what.nth));
      return edit({ phone: rest[0] ?? "", additionalPhones: rest.slice(1) });
    }
    case "main-phone":
      return edit({
        phone: phoneOf(person, what.nth),
        additionalPhones: phones.filter((other) => other !== phoneOf(person, what.nth)),
      });
    case "email": {
      const one = emailOf(person, what.nth);
      return email
        ? edit({ additionalEmails: [...new Set([...emails, one])].filter((other) => other !== email) })
        : edit({ email: one });
    }
    case "unemail": {
      const rest = [email, ...emails].filter((other) => other && other !== emailOf(person, what.nth));
      return edit({ email: rest[0] ?? "", additionalEmails: rest.slice(1) });
    }
    case "main-email":
      return edit({
        email: emailOf(person, what.nth),
        additionalEmails: emails.filter((other) => other !== emailOf(person, what.nth)),
      });
    case "link":
      return;
    case "delete":
      return inGhl.remove(id, telling);
  }
}

async function actInCloudTalk(twin: TwinInProcess, person: number, what: Deed["what"], id: string, telling: Telling) {
  const { inCloudTalk } = twin.control;
  const contact = twin.control.state().cloudtalk.contacts.get(id);
  if (!contact) return;
  const edit = (fields: Record<string, unknown>) => inCloudTalk.edit(id, fields, telling);
  switch (what.act) {
    case "text": {
      const { field, text } = what;
      if (field !== "plan" && field !== "unmapped") return edit({ [field]: text });
      const others = contact.attributes.filter(({ attributeId }) => attributeId !== fieldIds[field]);
      const values = [...others, { attributeId: fieldIds[field], value: text }];
      const all = attributes(values.map(({ attributeId, value }) => [attributeId, value]));
      return edit({ ContactAttribute: all.length === 0 ? "" : all });
    }
    case "tag":
      return inCloudTalk.tag(id, [what.tag], telling);
    case "untag": {
      const names = contact.tags.filter((tag) => sharedName(tag) === sharedName(what.tag));
      return names.length > 0 ? inCloudTalk.untag(id, names, telling) : undefined;
    }
    case "phone":
      return edit({ ContactNumber: numbers([...new Set([...contact.numbers, phoneOf(person, what.nth)])]) });
    case "main-phone":
      return edit({ ContactNumber: numbers([...new Set([phoneOf(person, what.nth), ...contact.numbers])]) });
    case "unphone":
      return edit({ ContactNumber: numbers(contact.numbers.filter((one) => one !== phoneOf(person, what.nth))) });
    case "email":
    case "main-email":
      return edit({ ContactEmail: addresses([...new Set([...contact.emails, emailOf(person, what.nth)])]) });
    case "unemail":
      return edit({ ContactEmail: addresses(contact.emails.filter((one) => one !== emailOf(person, what.nth))) });
    case "link": {
      const url = `https://shop.example/${person}/${what.nth}`;
      const links = contact.externalUrls;
      if (links.length >= 3 || links.some((one) => one.url === url)) return;
      return edit({ ExternalUrl: [...links, { name: "Shop", url }] });
    }
    case "delete":
      return inCloudTalk.remove(id, telling);
  }
}
