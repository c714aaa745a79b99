import type { CloudTalk } from "@callbridge/cloudtalk";
import type { Ghl } from "@callbridge/ghl";
import type { MappingSettings, Service, SyncSettings } from "@callbridge/service";
import { createCallFinder } from "./call-finder.ts";
import { cloudtalkActivityEffect } from "./cloudtalk-activity.ts";
import { cloudtalkAttributeEffect } from "./cloudtalk-attribute.ts";
import { cloudtalkContactEffect } from "./cloudtalk-contact.ts";
import { cloudtalkDeletionEffect } from "./cloudtalk-deletion-effect.ts";
import { cloudtalkNoteEffect } from "./cloudtalk-note.ts";
import { cloudtalkTagsEffect } from "./cloudtalk-tags-effect.ts";
import { cloudtalkUpdateEffect } from "./cloudtalk-update-effect.ts";
import type { PairDeps } from "./counterpart.ts";
import { contactCrawlHandler } from "./crawl.ts";
import { crmNotesHandler } from "./crm-notes.ts";
import { cueCardHandler } from "./cue-card.ts";
import { cueCardEffect } from "./cue-card-effect.ts";
import { customFieldsOf } from "./custom-fields.ts";
import { hintsInHistory } from "./hints.ts";
import { identifyHandler } from "./identify.ts";
import { importHandler } from "./import.ts";
import type { ImportDeps } from "./import-page.ts";
import { matchHandler } from "./match.ts";
import { opportunityChangesHandler } from "./opportunity-changes.ts";
import { type ReconcileDeps, reconcileHandler, sweepsOf } from "./reconcile.ts";
import { rematchHandler } from "./rematch.ts";
import { contactSweepHandler, contactSweepsOf, type SweepDeps } from "./sweep.ts";
import { syncHandler } from "./sync.ts";
import { withdrawHandler } from "./withdraw.ts";

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
  /** The call centre for what keeps contacts in step: calls come first where the budget is small. */
  syncing: { cloudtalk: CloudTalk };
  /** The vendors for sweeps and imports, which leave most of the budget to calls. */
  sweeping: {
    cloudtalk: ReconcileDeps["cloudtalk"] &
      ImportDeps["cloudtalk"] &
      SweepDeps["cloudtalk"] &
      Pick<CloudTalk, "bulkContacts">;
    ghl: ImportDeps["ghl"] & SweepDeps["ghl"];
  };
  log: ReconcileDeps["log"] & PairDeps["log"] & ImportDeps["log"] & SweepDeps["log"];
  /** How contacts are kept in step. */
  sync: SyncSettings;
  /** What else is carried to CloudTalk. */
  mapping: Pick<MappingSettings, "notes" | "cueCard" | "opportunities">;
  platformHost: string;
  sweepEveryMs: number;
  sweepWindowMs: number;
  sweepGraceMs: number;
};

/** Who is who: the ids of a call, the contact of a call, the two sides' records of one person. */
export function contactSync(deps: ContactSyncDeps): Service {
  const { cloudtalkHost: host, ghl, log, syncing, sweeping, sync, mapping } = deps;
  const shared = { ...deps, ...syncing, settings: sync, customFields: customFieldsOf(ghl, sync) };
  return {
    name: "contact-sync",
    handlers: [
      identifyHandler({ ...deps, finder: createCallFinder(deps.cloudtalk) }),
      matchHandler(deps),
      rematchHandler(deps),
      syncHandler(shared),
      withdrawHandler(),
      ...(mapping.notes.toCloudtalk ? [crmNotesHandler({ ghl })] : []),
      opportunityChangesHandler({ ghl, log, settings: mapping.opportunities.fromGhl }),
      cueCardHandler({ ghl, log, settings: mapping.cueCard }),
      reconcileHandler({
        ...{ ...deps, ...sweeping },
        contactsIn: (account, rows) => hintsInHistory(account, rows, shared),
      }),
      importHandler({ ...shared, ...sweeping }),
      contactSweepHandler({ ...shared, ...sweeping }),
      contactCrawlHandler({ ...shared, ...sweeping }),
    ],
    begin: [sweepsOf(deps.account), contactSweepsOf(deps.account)],
    effects: [
      cloudtalkContactEffect(syncing.cloudtalk, host, sweeping.cloudtalk),
      cloudtalkUpdateEffect(syncing.cloudtalk, host),
      cloudtalkTagsEffect(syncing.cloudtalk, host, sync),
      cloudtalkDeletionEffect(syncing.cloudtalk, host),
      cloudtalkNoteEffect(syncing.cloudtalk, host),
      cloudtalkActivityEffect(syncing.cloudtalk, host),
      cloudtalkAttributeEffect(syncing.cloudtalk, host),
      cueCardEffect(syncing.cloudtalk, deps.platformHost),
    ],
  };
}
