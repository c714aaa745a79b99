import type { CloudTalk } from "@callbridge/cloudtalk";
import type { Ghl } from "@callbridge/ghl";
import type { Service } from "@callbridge/service";
import { createCallFinder } from "./call-finder.ts";
import { cloudtalkContactEffect } from "./cloudtalk-contact.ts";
import { identifyHandler } from "./identify.ts";
import { matchHandler } from "./match.ts";
import { newContactHandler } from "./new-contact.ts";
import { type ReconcileDeps, reconcileHandler, sweepsOf } from "./reconcile.ts";

export type ContactSyncDeps = {
  cloudtalk: CloudTalk;
  /** Recorded with every write. */
  cloudtalkHost: string;
  ghl: Ghl;
  unknownCaller: "create" | "inbox";
  identifyDeadlineMs: number;
  otherWebhookMs: number;
  detailsAfterMs: number;
  indexLagMs: number;
  account: string;
  /** The history for the sweeps, which leave most of the budget to calls. */
  history: ReconcileDeps["cloudtalk"];
  log: ReconcileDeps["log"];
  sweepEveryMs: number;
  sweepWindowMs: number;
  sweepGraceMs: number;
};

/** Who is who: the ids of a call, the contact of a call, the two sides' records of one person. */
export function contactSync(deps: ContactSyncDeps): Service {
  const { cloudtalk, ghl } = deps;
  return {
    name: "contact-sync",
    handlers: [
      identifyHandler({ ...deps, finder: createCallFinder(cloudtalk) }),
      matchHandler(deps),
      newContactHandler({ ghl }),
      reconcileHandler({ ...deps, cloudtalk: deps.history }),
    ],
    begin: [sweepsOf(deps.account)],
    effects: [cloudtalkContactEffect(cloudtalk, deps.cloudtalkHost)],
  };
}
