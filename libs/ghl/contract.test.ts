import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEvent } from "@callbridge/events";
import { expect, test } from "vitest";
import { deliver } from "./deliver.ts";

const shared = join(import.meta.dirname, "../../../shared");

/** Reads files beside the repository; a clone has none of them. */
function files(folder: string, name: RegExp): { file: string; text: string }[] {
  const path = join(shared, folder);
  const found = existsSync(path) ? readdirSync(path).filter((file) => name.test(file)) : [];
  if (found.length === 0) process.stdout.write(`${folder}: not here, nothing to compare with\n`);
  return found.map((file) => ({ file, text: readFileSync(join(path, file), "utf8") }));
}

const accepted = new Map([
  ["ContactCreate", "contact.reported"],
  ["ContactUpdate", "contact.reported"],
  ["ContactDelete", "contact.reported"],
  ["ContactTagUpdate", "contact.tags_reported"],
  ["NoteCreate", "note.added"],
  ["NoteUpdate", "note.added"],
  ["NoteDelete", "note.added"],
  ["OpportunityStageUpdate", "opportunity.stage_changed"],
  ["OpportunityStatusUpdate", "opportunity.status_changed"],
]);

test("every example of the vendor's webhook documents is taken or knowingly ignored", () => {
  for (const { file, text } of files("contracts/ghl/webhooks", /\.md$/)) {
    const blocks = [...text.matchAll(/```json\s*\n(.*?)```/gs)].map((match): unknown => JSON.parse(match[1] ?? ""));
    expect(blocks.length, file).toBeGreaterThan(0);
    for (const body of blocks) {
      const normalised = deliver("app", body);
      const type = accepted.get(file.replace(".md", ""));
      const [event] = normalised.verdict === "accepted" ? normalised.events : [];
      expect([file, normalised.verdict, event?.type]).toEqual([file, type ? "accepted" : "ignored", type]);
      if (event) parseEvent(event.type, 1, event.data, event.personal);
    }
  }
});

test("every stored webhook of GHL is accepted where it was posted", () => {
  for (const { file, text } of files("fixtures/webhooks", /\.json$/)) {
    const { endpoint, body }: { endpoint: string; body: unknown } = JSON.parse(text);
    if (!endpoint.startsWith("/api/ghl-webhooks/")) continue;
    const normalised = deliver(endpoint.replace("/api/ghl-webhooks/", ""), body);
    expect([file, normalised.verdict]).toEqual([file, "accepted"]);
    expect(JSON.stringify(normalised)).not.toContain("+390600000001");
  }
});
