import { z } from "zod";
import type { CloudTalkContact } from "./cloudtalk-state.ts";
import { tagId } from "./cloudtalk-state.ts";
import type { World } from "./world.ts";

const detailLimits = {
  title: 255,
  company: 100,
  industry: 100,
  website: 100,
  address: 255,
  city: 255,
  zip: 15,
  state: 255,
} as const;

const text = z.union([z.string(), z.null()]);
/** An empty string clears the whole set (facts/cloudtalk.md §0 item 8). */
const setOf = <T extends z.ZodType>(item: T) =>
  z.union([z.array(item), z.literal("").transform((): z.infer<T>[] => [])]);

const contactInput = z.object({
  name: z.string().optional(),
  title: text.optional(),
  company: text.optional(),
  industry: text.optional(),
  website: text.optional(),
  address: text.optional(),
  city: text.optional(),
  zip: text.optional(),
  state: text.optional(),
  country_id: z.union([z.number(), z.string(), z.null()]).optional(),
  favorite_agent: z.union([z.number(), z.string(), z.null()]).optional(),
  ContactNumber: setOf(z.object({ public_number: z.unknown() })).optional(),
  ContactEmail: setOf(z.object({ email: z.unknown() })).optional(),
  ContactsTag: setOf(z.object({ name: z.string() })).optional(),
  ExternalUrl: setOf(z.object({ name: z.string(), url: z.string() })).optional(),
  ContactAttribute: setOf(z.object({ attribute_id: z.union([z.number(), z.string()]), value: z.unknown() })).optional(),
});

type ContactInput = z.infer<typeof contactInput>;

export type Problems = Record<string, string[]>;

/**
 * Reads what add, edit and bulk accept; the problems are worded per field as in the vendor's 406.
 * A number must be text with a plus: JSON numbers and bare digits are refused (facts/predecessor.md item 7).
 */
export function readContactInput(body: unknown, required: "name required" | "all optional"): ContactInput | Problems {
  const parsed = contactInput.safeParse(body);
  if (!parsed.success) {
    return Object.fromEntries(
      parsed.error.issues.map(({ path }) => [String(path[0] ?? "data"), ["This field has an invalid value."]]),
    );
  }
  const input = parsed.data;
  const problems: Problems = {};
  if (required === "name required" && !input.name?.trim()) problems.name = ["This field is required."];
  if ((input.name?.length ?? 0) > 150) problems.name = ["This field can contain at most 150 characters."];
  for (const [field, limit] of Object.entries(detailLimits)) {
    const value = input[field as keyof typeof detailLimits];
    if ((value?.length ?? 0) > limit) problems[field] = [`This field can contain at most ${limit} characters.`];
  }
  if (input.ContactNumber?.some(({ public_number }) => !/^\+\d{7,15}$/.test(asText(public_number)))) {
    problems.public_number = ["Please supply a valid phone number in E.164 format."];
  }
  if (input.ContactEmail?.some(({ email }) => !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(asText(email)))) {
    problems.email = ["Please supply a valid email address."];
  }
  if ((input.ExternalUrl?.length ?? 0) > 3) problems.ExternalUrl = ["At most 3 external URLs are allowed."];
  if (input.ExternalUrl?.some(({ name }) => name.length > 30)) {
    problems.ExternalUrl = ["The name can contain at most 30 characters."];
  }
  if (input.ContactAttribute?.some(({ value }) => String(value ?? "").length > 255)) {
    problems.ContactAttribute = ["The value can contain at most 255 characters."];
  }
  return Object.keys(problems).length > 0 ? problems : input;
}

const asText = (value: unknown): string => (typeof value === "string" ? value : "");

export const isProblems = (value: ContactInput | Problems): value is Problems =>
  Object.values(value).some((one) => Array.isArray(one) && typeof one[0] === "string");

/** Sets what was sent; a set that was sent replaces all members, one that was not sent stays. */
export function applyContactInput(world: World, contact: CloudTalkContact, input: ContactInput): void {
  const { cloudtalk } = world.state;
  if (input.name !== undefined) contact.name = input.name;
  for (const field of Object.keys(detailLimits) as (keyof typeof detailLimits)[]) {
    const value = input[field];
    if (value !== undefined) contact.details[field] = value === "" ? null : value;
  }
  if (input.country_id !== undefined) contact.countryId = input.country_id === null ? null : String(input.country_id);
  if (input.favorite_agent !== undefined) {
    contact.favoriteAgent = input.favorite_agent === null ? null : String(input.favorite_agent);
  }
  if (input.ContactNumber) contact.numbers = input.ContactNumber.map(({ public_number }) => asText(public_number));
  if (input.ContactEmail) contact.emails = input.ContactEmail.map(({ email }) => asText(email));
  if (input.ExternalUrl) contact.externalUrls = input.ExternalUrl;
  if (input.ContactAttribute) {
    contact.attributes = input.ContactAttribute.map(({ attribute_id, value }) => ({
      attributeId: String(attribute_id),
      value: String(value ?? ""),
    }));
  }
  if (input.ContactsTag) {
    contact.tags = [...new Set(input.ContactsTag.map(({ name }) => name))];
    for (const name of contact.tags) tagId(cloudtalk, name);
  }
  contact.modifiedAt = world.now();
}
