import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll } from "vitest";
import { dueConformance } from "./conformance-due.ts";

let fresh: FreshLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

dueConformance(() => ({
  log: fresh.log,
  rows: (consumer) =>
    fresh.query('select key, at is null as "isDead" from callbridge.due where consumer = $1 order by key', [consumer]),
}));
