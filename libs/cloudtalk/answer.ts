import { type Fields, readFields, readPhone } from "@callbridge/vendor";
import { z } from "zod";
import { cleanText, readId } from "./text.ts";

/*
 * How CloudTalk answers (facts/cloudtalk.md §0 items 5–7, §1.3): relations as object, array, null or not at all; ids and
 * counters as text or number; numbers with and without "+"; HTML-escaped text.
 */

/** `{responseData: {…}}`. */
export const envelope = <T extends z.ZodType>(inside: T) => z.looseObject({ responseData: inside });

const count = z.coerce.number().int().nonnegative();
/** A page of rows; each row is left to its own reader. */
export const rowsAnswer = envelope(
  z.looseObject({
    itemsCount: count.optional().catch(undefined),
    pageCount: count.catch(1),
    data: z.array(z.unknown()).nullish(),
  }),
).transform(({ responseData }) => ({
  rows: responseData.data ?? [],
  pages: responseData.pageCount,
  total: responseData.itemsCount,
}));

/** A page whose rows are all read the same way. Rows that cannot be read are left out. */
export const pageAnswer = <T>(read: (row: unknown) => T | undefined) =>
  rowsAnswer.transform(({ rows, ...page }) => ({
    ...page,
    rows: rows.map(read).filter((row) => row !== undefined),
  }));

/** Answer of the operations that make something: the id is `responseData.data.id`, not `data.id`. */
const createdId = z.union([z.string(), z.number()]).transform(String).pipe(z.string().min(1));
export const createdIdAnswer = envelope(z.looseObject({ data: z.looseObject({ id: createdId }) })).transform(
  ({ responseData }) => ({ id: responseData.data.id }),
);

/** A relation's members, whatever its shape. */
export function members(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.map((item) => readFields(typeof item === "object" ? item : { value: item }));
  return typeof value === "object" && value !== null ? [readFields(value)] : [];
}

/** A number as E.164. "International" because CloudTalk leaves out the "+", never the country. */
export function phoneIn(value: unknown): string | undefined {
  const phone = readPhone(value, undefined, "international");
  return phone && "e164" in phone ? phone.e164 : undefined;
}

export const textIn = (fields: Fields, ...aliases: string[]) => cleanText(fields.text(...aliases));
export const idIn = (fields: Fields, ...aliases: string[]) => readId(fields.id(...aliases));
