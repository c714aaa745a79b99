import { canonicalText, type GhlContactId, type NormaliserContext, stream } from "@callbridge/events";
import { type Fields, readFields, readPhone } from "@callbridge/vendor";
import { line } from "./text.ts";

/** One webhook body with what is needed to read it. */
export type Report = {
  fields: Fields;
  body: object;
  receivedAt: string;
  context: NormaliserContext;
  /**
   * The workflow action "Webhook": its root also holds the location's custom fields under their DISPLAY names, so a
   * root key `Tag` or `Note` may be anything. Custom Webhook bodies are typed key by key and mean what they say.
   */
  standard: boolean;
};

export function readReport(body: object, receivedAt: string, context: NormaliserContext): Report {
  const fields = readFields(body);
  const standard = fields.has(
    "customdata",
    "triggerdata",
    "workflow",
    "attributionsource",
    "contact.attributionsource",
  );
  return { fields, body, receivedAt, context, standard };
}

/** Aliases of a value that only `customData` or a nested object may give in a standard payload. */
export function typedByOperator(report: Report, names: string[]): string[] {
  const explicit = names.map((name) => `customdata.${name}`);
  return report.standard ? explicit : [...explicit, ...names];
}

/**
 * The person's own data. In every GHL payload the root (or `contact`) is the lead; `user`, `owner` and `assignedTo` are
 * staff and are never read: the predecessor once dialled the CRM user (facts/predecessor.md, pain 38).
 * `rootName`: whether a bare `name` is the person's (on opportunities it is the opportunity's).
 */
export function personOf({ fields, context }: Report, rootName: boolean) {
  const nameAliases = ["fullname", "contactname", "contact.name", "contact.fullname", ...(rootName ? ["name"] : [])];
  const phone = phoneOf(fields, context.defaultCountry);
  const email = line(fields.text("email", "contactemail", "contact.email"));
  return {
    name: line(fields.text(...nameAliases)),
    firstName: line(fields.text("firstname", "contactfirstname", "contact.firstname")),
    lastName: line(fields.text("lastname", "contactlastname", "contact.lastname")),
    phones: phone === undefined ? undefined : [phone],
    emails: email?.includes("@") ? [email] : undefined,
  };
}

function phoneOf(fields: Fields, defaultCountry: string | undefined): string | undefined {
  for (const alias of ["phone", "contactphone", "phonenumber", "contact.phone", "contact.phonenumber"]) {
    const phone = readPhone(fields.raw(alias), defaultCountry, "national");
    if (phone && "e164" in phone) return phone.e164;
  }
  return undefined;
}

/** The contact's stream: by its GHL id, else by the keyed hash of its number. Undefined when the report names nobody. */
export function contactStream(report: Report, contactId: GhlContactId | undefined): string | undefined {
  if (contactId) return stream.ghlContact(contactId);
  const phone = phoneOf(report.fields, report.context.defaultCountry);
  return phone && stream.contactByPhone(report.context.hash(phone));
}

/** Keyed hash of any value, for event keys. */
export function contentHash(report: Report, value: unknown): string {
  return report.context.hash(canonicalText(value));
}

export type Change = "added" | "updated" | "deleted";

/** What the operator says happened (`customData.action`), or undefined: the trigger itself is not in the payload. */
export function changeOf(report: Report): Change | undefined {
  const word = report.fields.text(...typedByOperator(report, ["action", "change", "changetype"]), "tag.action");
  if (word === undefined) return undefined;
  if (/^(add|create|new|tag|assign|appl)/i.test(word)) return "added";
  if (/^(remove|delete|untag|unassign)/i.test(word)) return "deleted";
  return /^(update|change|edit)/i.test(word) ? "updated" : undefined;
}
