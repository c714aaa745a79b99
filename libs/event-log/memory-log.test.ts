import { memoryLog } from "@callbridge/testing";
import { describe } from "vitest";
import { logConformance } from "./conformance.ts";
import { dueConformance } from "./conformance-due.ts";

describe("the log in memory, which simulations use", () => {
  const log = memoryLog();
  logConformance(() => log);
  dueConformance(() => ({
    log,
    rows: async (consumer) =>
      log
        .due()
        .filter((row) => row.consumer === consumer)
        .map(({ key, at }) => ({ key, isDead: at === undefined })),
  }));
});
