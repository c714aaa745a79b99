import { type CloudTalkContactId, catalogue } from "@callbridge/events";
import { type Fields, readFields } from "@callbridge/vendor";
import { z } from "zod";
import { envelope, idIn, members, phoneIn, rowsAnswer, textIn } from "./answer.ts";

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
};
export type NewContact = {
  /** Cut at 150 characters, CloudTalk's limit. */
  name: string;
  /** E.164. */
  phones: readonly string[];
  emails: readonly string[];
  /** The contact's page in the CRM; its name is cut at 30 characters. */
  externalUrl?: { name: string; url: string };
};

const contactId = catalogue["contact.reported"].data.shape.cloudtalkContactId.unwrap();

/** Answer of `contacts/show`. Real ones say `Tag`, the document says `ContactsTag` (facts/cloudtalk.md §1.6). */
export const contactAnswer = envelope(z.looseObject({ Contact: z.looseObject({}) })).transform(
  ({ responseData: found }, context): Contact => {
    const contact = readFields(found.Contact);
    const id = contactId.safeParse(idIn(contact, "id"));
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
    return {
      id: id.data,
      name: textIn(contact, "name"),
      company: textIn(contact, "company"),
      phones: all(found.ContactNumber, (member) => phoneIn(member.raw("publicnumber"))),
      emails: all(found.ContactEmail, (member) => textIn(member, "email")?.toLowerCase()),
      tags: all(found.ContactsTag ?? found.Tag ?? found.Contact.tags, (member) => textIn(member, "name", "value")),
      externalUrls: all(found.ExternalUrl, (member) => {
        const url = textIn(member, "url");
        return url === undefined ? undefined : { name: textIn(member, "name"), url };
      }),
      attributes: all(found.ContactAttribute, (member) => {
        const attributeId = idIn(member, "attributeid", "id");
        if (attributeId === undefined) return undefined;
        return { attributeId, title: textIn(member, "title"), value: textIn(member, "value") };
      }),
    };
  },
);

/** Answer of `contacts/index`: the ids only, because a row shows one number of a contact and matches fuzzily. */
export const contactIdsAnswer = rowsAnswer.transform(({ rows }) =>
  rows.map((row) => contactId.safeParse(idIn(readFields(row), "contact.id")).data).filter((id) => id !== undefined),
);

/** Answer of `contacts/add`: the id is `responseData.data.id`, not `data.id`. */
const createdId = z.union([z.string(), z.number()]).transform(String).pipe(contactId);
export const createdAnswer = envelope(z.looseObject({ data: z.looseObject({ id: createdId }) })).transform(
  ({ responseData }) => responseData.data.id,
);

/** Built from an allow-list. Numbers are text with "+": as integers they are refused as invalid (406). */
export function newContactBody({ name, phones, emails, externalUrl }: NewContact) {
  return {
    name: name.slice(0, 150),
    ContactNumber: phones.map((phone) => ({ public_number: phone })),
    ContactEmail: emails.map((email) => ({ email })),
    ...(externalUrl && { ExternalUrl: [{ name: externalUrl.name.slice(0, 30), url: externalUrl.url }] }),
  };
}
