import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { busConformance } from "./conformance.ts";
import { createEmbeddedBus } from "./embedded-bus.ts";

let fresh: FreshLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

describe("the embedded bus", () => {
  busConformance(() => ({ log: fresh.log, openBus: async () => createEmbeddedBus(fresh.log) }));
});
