import { type CloudTalkContactId, cloudtalkContactId } from "@callbridge/events";
import { type Fields, readFields } from "@callbridge/vendor";
import { z } from "zod";
import { envelope, idIn, members, pageAnswer, phoneIn, textIn } from "./answer.ts";
import { cleanText, known, readInstant } from "./text.ts";

/** A contact as CloudTalk has it. */
export type Contact = {
  id: CloudTalkContactId;
  name: string | undefined;
  company: string | undefined;
  /** All its numbers, E.164. Numbers that are none are left out. */
  phones: string[];
  emails: string[];
  tags: string[];
  externalUrls: { name: string | undefined; url: string }[];
  attributes: { attributeId: string; title: string | undefined; value: string | undefined }[];
  /** What stands among its numbers and is none in E.164. An edit that sends the numbers would lose them. */
  otherNumbers?: string[] | undefined;
  title?: string | undefined;
  industry?: string | undefined;
  website?: string | undefined;
  address?: string | undefined;
  city?: string | undefined;
  zip?: string | undefined;
  state?: string | undefined;
  countryId?: string | undefined;
  /** ISO 8601 in UTC. CloudTalk gives the company's offset; a time without one is taken for UTC. */
  created?: string | undefined;
  modified?: string | undefined;
};

/** A row of the list: one of the contact's numbers and addresses, whichever CloudTalk shows. */
export type ContactRow = {
  id: CloudTalkContactId;
  name: string | undefined;
  company: string | undefined;
  phone?: string | undefined;
  email?: string | undefined;
};

export type AttributeDefinition = { id: string; title: string };

/** A link must come back whole to be sent back whole. */
const urlCharactersMax = 2_000;

/** Answer of `contacts/show`. Real ones say `Tag`, the document says `ContactsTag` (facts/cloudtalk.md §1.6). */
export const contactAnswer = envelope(z.looseObject({ Contact: z.looseObject({}) })).transform(
  ({ responseData: found }, context): Contact => {
    const contact = readFields(found.Contact);
    const id = cloudtalkContactId.safeParse(idIn(contact, "id"));
    if (!id.success) {
      context.addIssue({ code: "custom", message: "a contact without a usable id" });
      return z.NEVER;
    }
    const all = <T>(relation: unknown, read: (member: Fields) => T | undefined): T[] => [
      ...new Set(
        members(relation)
          .map(read)
          .filter((member) => member !== undefined),
      ),
    ];
    const numbers = members(found.ContactNumber).map((member) => member.raw("publicnumber"));
    const otherNumbers = numbers.filter((number) => number !== undefined && phoneIn(number) === undefined).map(String);
    return {
      id: id.data,
      name: textIn(contact, "name"),
      company: textIn(contact, "company"),
      phones: [...new Set(numbers.map(phoneIn).filter((phone) => phone !== undefined))],
      emails: all(found.ContactEmail, (member) => textIn(member, "email")?.toLowerCase()),
      tags: all(found.ContactsTag ?? found.Tag ?? found.Contact.tags, (member) => textIn(member, "name", "value")),
      externalUrls: all(found.ExternalUrl, (member) => {
        const url = cleanText(member.text("url"), urlCharactersMax);
        return url === undefined ? undefined : { name: textIn(member, "name"), url };
      }),
      attributes: all(found.ContactAttribute, (member) => {
        const attributeId = idIn(member, "attributeid", "id");
        if (attributeId === undefined) return undefined;
        return { attributeId, title: textIn(member, "title"), value: textIn(member, "value") };
      }),
      ...known({
        otherNumbers: otherNumbers.length > 0 ? otherNumbers : undefined,
        title: textIn(contact, "title"),
        industry: textIn(contact, "industry"),
        website: textIn(contact, "website"),
        address: textIn(contact, "address"),
        city: textIn(contact, "city"),
        zip: textIn(contact, "zip"),
        state: textIn(contact, "state"),
        countryId: idIn(contact, "countryid"),
        created: readInstant(contact, "created"),
        modified: readInstant(contact, "modified"),
      }),
    };
  },
);

const idOf = (row: unknown) => cloudtalkContactId.safeParse(idIn(readFields(row), "contact.id")).data;

/** Answer of `contacts/index`: the ids only, because a row shows one number of a contact and matches fuzzily. */
export const contactIdsAnswer = pageAnswer(idOf).transform(({ rows }) => rows);

export const contactRowsAnswer = pageAnswer((row): ContactRow | undefined => {
  const fields = readFields(row);
  const id = idOf(row);
  if (id === undefined) return undefined;
  // Objects here, arrays in `contacts/show` (facts/cloudtalk.md §1.6).
  const phone = phoneIn(fields.raw("contactnumber.publicnumber", "contactnumber.0.publicnumber"));
  const email = textIn(fields, "contactemail.email", "contactemail.0.email")?.toLowerCase();
  return {
    id,
    name: textIn(fields, "contact.name"),
    company: textIn(fields, "contact.company"),
    ...known({ phone, email }),
  };
});

/** Answer of `contacts/attributes`: a bare array (facts/cloudtalk.md §1.3). */
export const attributesAnswer = envelope(z.array(z.unknown())).transform(({ responseData }) =>
  responseData.map(readAttribute).filter((attribute) => attribute !== undefined),
);

function readAttribute(item: unknown): AttributeDefinition | undefined {
  const fields = readFields(item);
  const id = idIn(fields, "contactattribute.id", "contactattribute.attributeid");
  const title = textIn(fields, "contactattribute.title");
  return id === undefined || title === undefined ? undefined : { id, title };
}

/** Answer of `contacts/add`: the id is `responseData.data.id`, not `data.id`. */
const createdId = z.union([z.string(), z.number()]).transform(String).pipe(cloudtalkContactId);
export const createdAnswer = envelope(z.looseObject({ data: z.looseObject({ id: createdId }) })).transform(
  ({ responseData }) => responseData.data.id,
);
