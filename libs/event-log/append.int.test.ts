import { canonicalText, stream } from "@callbridge/events";
import { freshLog } from "@callbridge/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ended, logConformance } from "./conformance.ts";

let fresh: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

logConformance(() => fresh.log);

const now = new Date("2026-11-22T10:00:00.000Z");
const put = (event: ReturnType<typeof ended>) =>
  fresh.log.append({ now, events: [{ account: "a", event, cause: { correlationId: "delivery-1" } }] });

describe("personal data", () => {
  test("erased personal data is gone for every reader, and later facts of the subject are kept", async () => {
    await put(ended("e1"));
    await fresh.log.erase("a", stream.callByUuid("e1"));
    await put({ ...ended("e1", { phone: "+12025550199" }), key: { fact: "call:u:e1/modified" } });
    const { events } = await fresh.log.stream("a", stream.callByUuid("e1"));
    expect(events.map((event) => [event.erased, event.personal])).toEqual([
      [true, {}],
      [false, { externalPhone: "+12025550199" }],
    ]);
  });

  test("no phone number and no plain text lies in the database", async () => {
    await put(ended("s1", { phone: "+12025550177" }));
    const events = await fresh.log.after(0, 1000);
    expect(canonicalText(events.map(({ personal: _, ...visible }) => visible))).not.toContain("12025550177");
  });
});
