import { sql } from "kysely";
import type { DueEntry } from "./append.ts";
import type { Database } from "./database.ts";

/** Rows of `due` under this name belong to nobody: they say how far a long command came, in case it is interrupted. */
export const bookmarkConsumer = "cli:bookmarks";

/** How far a command came: everything up to `position` is written, the last of it due at `at`. */
export type Bookmark = { name: string; position: number; at: Date };

/** To be written together with what it speaks of, so that neither is ever without the other. */
export function bookmarkEntry({ name, position, at }: Bookmark): DueEntry {
  return { consumer: bookmarkConsumer, key: name, position, at, attempt: 0, because: "how far a command came" };
}

/** The bookmark whose name begins like this. */
export async function readBookmark(db: Database, begin: string): Promise<Bookmark | undefined> {
  const { rows } = await sql<Bookmark>`
    select key as name, position, at from callbridge.due
    where consumer = ${bookmarkConsumer} and starts_with(key, ${begin}) order by updated_at desc limit 1`.execute(db);
  return rows[0];
}

export async function removeBookmarks(db: Database, begin: string): Promise<void> {
  await sql`
    delete from callbridge.due where consumer = ${bookmarkConsumer} and starts_with(key, ${begin})`.execute(db);
}
