import { given, type Told } from "@callbridge/testing";
import { describe, expect, test } from "vitest";
import { effectRows } from "./effect-rows.ts";

const row = (...told: Told[]) => effectRows("call:u:uuid-1", given("call.ended", ...told))[0];

describe("given a write", () => {
  test("not begun, it waits", () => {
    expect(row("effect.intended")).toMatchObject({ state: "waiting", attempts: 0, host: undefined, first_position: 2 });
  });

  test("sent and not answered, its end is not known", () => {
    expect(row("effect.intended", "effect.attempted")).toMatchObject({
      ...{ state: "attempted", attempts: 1, host: "crm.example", ended_at: undefined },
      attempted_at: "2026-11-22T10:05:02.000Z",
    });
  });

  test("not taken, it is retrying, with the vendor's word and no end", () => {
    const failed: Told = ["effect.failed", { final: false, because: "busy", status: 429 }];
    expect(row("effect.intended", "effect.attempted", failed)).toMatchObject({
      ...{ state: "retrying", because: "busy", status: 429, ended_at: undefined },
    });
  });

  test("seen there, the refusals before it are forgotten", () => {
    const failed: Told = ["effect.failed", { final: false, because: "busy", status: 429 }];
    const again: Told[] = [["effect.attempted", { attempt: 2 }], "effect.observed"];
    expect(row("effect.intended", "effect.attempted", failed, ...again)).toMatchObject({
      ...{ state: "observed", attempts: 2, because: undefined, status: undefined, how: "answer" },
      ...{ vendor_id: "GhlNote0000000000001", ended_at: "2026-11-22T10:05:05.000Z", last_position: 6 },
    });
  });

  test("ended, whatever is reported afterwards changes nothing", () => {
    const before = row("effect.intended", "effect.attempted", "effect.unknown");
    expect(before).toMatchObject({ state: "unknown", because: "no answer" });
    expect(row("effect.intended", "effect.attempted", "effect.unknown", "effect.observed")).toEqual(before);
  });

  test("whose intention is not in the log, there is no row", () => {
    expect(row("effect.attempted", "effect.observed")).toBeUndefined();
  });
});
