import { describe, expect, test } from "vitest";
import { type Grant, nextStep } from "./grant.ts";

const hour = 3_600_000;
const day = 24 * hour;
const location: Grant = {
  ...{ kind: "Location", locationId: "loc", scopes: [], connectedAt: 0, refreshToken: "r1" },
  access: { token: "a1", givenAt: 0, until: day },
};
const agency: Grant = { ...location, kind: "Company", companyId: "com" };
const exchanged: Grant = { ...agency, location: { token: "l1", givenAt: 0, until: day } };
const outage = { because: "503", retryAt: 2 * day, consequence: "not-applied" } as const;

describe("the next step towards a token", () => {
  test.each<[string, Grant, number, string | undefined, object]>([
    ["uses a fresh token", location, hour, undefined, { do: "use", token: "a1" }],
    ["renews before it ends", location, day - 10 * 60_000, undefined, { do: "refresh" }],
    ["renews a refused one", location, hour, "a1", { do: "refresh" }],
    ["uses what somebody else renewed meanwhile", location, hour, "a0", { do: "use", token: "a1" }],
    ["does not renew a young one: its age is not why", location, 60_000, "a1", { do: "use", token: "a1" }],
    ["exchanges an agency's token first", agency, hour, undefined, { do: "exchange" }],
    ["uses the location's token of an agency", exchanged, hour, undefined, { do: "use", token: "l1" }],
    ["exchanges anew when the location's is refused", exchanged, hour, "l1", { do: "exchange" }],
    ["refreshes an agency's token that ends", exchanged, day, undefined, { do: "refresh" }],
    [
      "goes on with a living token in an outage",
      { ...location, trouble: outage },
      day - 60_000,
      undefined,
      { do: "use", token: "a1" },
    ],
    [
      "waits when it has ended",
      { ...location, trouble: outage },
      day,
      undefined,
      { do: "wait", trouble: outage, afterMs: day },
    ],
    ["asks again after the outage", { ...location, trouble: outage }, 2 * day, undefined, { do: "refresh" }],
    [
      "uses up a living token when a person must consent",
      { ...location, refusedAt: 1 },
      day - 60_000,
      undefined,
      { do: "use", token: "a1" },
    ],
    ["asks for a person then", { ...location, refusedAt: 1 }, day, undefined, { do: "connect" }],
    [
      "begins in good time with tokens that live shortly",
      { ...location, access: { token: "a1", givenAt: 0, until: 60_000 } },
      50_000,
      undefined,
      { do: "use", token: "a1" },
    ],
  ])("%s", (_, grant, nowMs, refused, step) => expect(nextStep(grant, nowMs, refused)).toEqual(step));
});
