import type { CloudTalk } from "@callbridge/cloudtalk";
import type { Ghl } from "@callbridge/ghl";
import type { Service, SyncSettings } from "@callbridge/service";
import { createCallFinder } from "./call-finder.ts";
import { cloudtalkContactEffect } from "./cloudtalk-contact.ts";
import { cloudtalkDeletionEffect } from "./cloudtalk-deletion-effect.ts";
import { cloudtalkTagsEffect } from "./cloudtalk-tags-effect.ts";
import { cloudtalkUpdateEffect } from "./cloudtalk-update-effect.ts";
import { customFieldsOf } from "./custom-fields.ts";
import { identifyHandler } from "./identify.ts";
import { matchHandler } from "./match.ts";
import { type ReconcileDeps, reconcileHandler, sweepsOf } from "./reconcile.ts";
import { type SyncDeps, syncHandler } from "./sync.ts";

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
  log: ReconcileDeps["log"] & SyncDeps["log"];
  /** How contacts are kept in step. */
  sync: SyncSettings;
  sweepEveryMs: number;
  sweepWindowMs: number;
  sweepGraceMs: number;
};

/** Who is who: the ids of a call, the contact of a call, the two sides' records of one person. */
export function contactSync(deps: ContactSyncDeps): Service {
  const { cloudtalk, cloudtalkHost: host, ghl, sync } = deps;
  return {
    name: "contact-sync",
    handlers: [
      identifyHandler({ ...deps, finder: createCallFinder(cloudtalk) }),
      matchHandler(deps),
      syncHandler({ ...deps, settings: sync, customFields: customFieldsOf(ghl, sync) }),
      reconcileHandler({ ...deps, cloudtalk: deps.history }),
    ],
    begin: [sweepsOf(deps.account)],
    effects: [
      cloudtalkContactEffect(cloudtalk, host),
      cloudtalkUpdateEffect(cloudtalk, host),
      cloudtalkTagsEffect(cloudtalk, host, sync),
      cloudtalkDeletionEffect(cloudtalk, host),
    ],
  };
}
