import type { Answer } from "./route.ts";

/** CloudTalk's core API wraps everything in `responseData` (facts/cloudtalk.md §1.3). */
export const envelope = (status: number, responseData: unknown): Answer => ({ status, body: { responseData } });

export const notFound = (): Answer => envelope(404, { status: 404, message: "Not found." });

/** Field name → sentences, as the vendor words a 406. */
export const invalid = (data: Record<string, string[]>): Answer =>
  envelope(406, { status: 406, message: "Invalid input data.", data });

export const done = (): Answer => envelope(200, { status: 200 });

export const madeNew = (id: string): Answer => envelope(201, { status: 201, data: { id } });

/** One page of rows: `page` ≥ 1, `limit` 1..1000 (30 when absent). */
export function page<T>(rows: T[], query: Record<string, string>, show: (row: T) => unknown): Answer {
  const limit = Math.min(1000, positive(query.limit) ?? 30);
  const pageNumber = positive(query.page) ?? 1;
  const slice = rows.slice((pageNumber - 1) * limit, pageNumber * limit);
  return envelope(200, {
    itemsCount: rows.length,
    pageCount: Math.max(1, Math.ceil(rows.length / limit)),
    pageNumber,
    limit,
    data: slice.map(show),
  });
}

const positive = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value > 0 ? value : undefined;
};

/** Text comes back HTML-escaped; who writes it back as read degrades it (facts/predecessor.md pain 53). */
export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#039;");

/** Reads show phones as JSON numbers without plus; null where there is none. */
export const phoneNumber = (e164: string | null): number | null =>
  e164 === null ? null : Number(e164.replace(/\D/g, ""));

/** Contact times carry the company's offset instead of Z (real capture, facts/cloudtalk.md §0 item 19). */
export const companyTime = (moment: Date): string =>
  new Date(moment.getTime() + 2 * 3_600_000).toISOString().replace(/\.\d+Z$/, "+02:00");
