import { createGhl, type Ghl } from "@callbridge/ghl";
import type { EffectContext, Observed } from "@callbridge/service";
import { hash } from "@callbridge/testing";
import { startTwin, type Twin } from "@callbridge/twin";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** For tests: the CRM over HTTP, as good as new before each of them. */
export function twinCrm() {
  const crm = {} as { twin: Twin; ghl: Ghl };
  beforeAll(async () => {
    crm.twin = await startTwin({ settings: { searchLagMs: 0, ghlRequestsMax: 10_000 } });
    const { ghlToken, ghlLocationId: locationId } = crm.twin.credentials;
    crm.ghl = createGhl({ token: () => ghlToken, locationId, baseUrl: crm.twin.urls.ghl });
  });
  afterAll(() => crm.twin.close());
  beforeEach(() => void crm.twin.control.reset());

  return {
    twin: () => crm.twin,
    ghl: () => crm.ghl,
    state: () => crm.twin.control.state().ghl,
    /** A contact of the CRM. */
    ada: () => crm.twin.control.seeded().people[1] ?? { ghlContactId: "", phone: "" },
    /** How often an operation was asked for. */
    count: (operation: string) =>
      crm.twin.control.requestLog().filter((request) => request.operation === operation).length,
  };
}

/** An effect's attempt, after `previous` was the last one on the same target. */
export const attempt = (effect: string, previous?: Observed): EffectContext => ({
  ...{ account: "default", effect, target: `target of ${effect.split(":")[0]}`, previous, hash },
  now: new Date("2026-11-22T10:00:00.000Z"),
});

/** What an attempt left there. */
export function left(done: Observed | { skip: string } | undefined): Observed {
  if (!done || "skip" in done) throw new Error(`nothing was written: ${done?.skip}`);
  return done;
}
