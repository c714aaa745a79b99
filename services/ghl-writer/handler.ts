import type { Ghl } from "@callbridge/ghl";
import type { AnyEffect, MappingSettings, Service } from "@callbridge/service";
import { type CallLogStrategy, callLogEffect } from "./call-log-effect.ts";
import { callRulesHandler } from "./call-rules.ts";
import { callTagsHandler } from "./call-tags.ts";
import { contactDeletionEffect } from "./contact-deletion-effect.ts";
import { contactEffect } from "./contact-effect.ts";
import { contactUpdateEffect } from "./contact-update-effect.ts";
import { fieldsEffect } from "./fields.ts";
import { callNotesHandler, contactNotesHandler } from "./note-copies.ts";
import { noteCopyEffect } from "./note-copy-effect.ts";
import { duplicateNotesEffect, noteEffect } from "./note-effect.ts";
import { opportunityEffect } from "./opportunity-effect.ts";
import { tagsEffect } from "./tags-effect.ts";
import { taskEffect } from "./task-effect.ts";
import { workflowEffect } from "./workflow-effect.ts";
import { writeCallHandler } from "./write-call.ts";

export type GhlWriterDeps = {
  ghl: Ghl;
  /** Recorded with every write. */
  ghlHost: string;
  callLog: CallLogStrategy;
  timeZone: string;
  noteDelayMs: number;
  recordingLink: (ref: string) => string | undefined;
  /** What else of the call centre is carried to the CRM. */
  mapping: Pick<MappingSettings, "notes" | "callTags" | "opportunities">;
  exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
};

/** Decides what the CRM shall show of a call, and carries out every write to the CRM. */
export function ghlWriter(deps: GhlWriterDeps): Service {
  const { ghl, ghlHost, callLog, exclusively, mapping } = deps;
  const logEffect = callLogEffect(ghl, ghlHost, callLog);
  const effects: AnyEffect[] = [
    contactEffect(ghl, ghlHost),
    contactUpdateEffect(ghl, ghlHost),
    contactDeletionEffect(ghl, ghlHost),
    tagsEffect(ghl, ghlHost),
    noteEffect(ghl, ghlHost),
    duplicateNotesEffect(ghl, ghlHost),
    noteCopyEffect(ghl, ghlHost),
    opportunityEffect(ghl, ghlHost),
    workflowEffect(ghl, ghlHost),
    taskEffect(ghl, ghlHost),
    fieldsEffect({ ghl, host: ghlHost, exclusively }),
    ...(logEffect ? [logEffect] : []),
  ];
  return {
    name: "ghl-writer",
    handlers: [
      writeCallHandler({ ...deps, logCalls: logEffect !== undefined }),
      ...(mapping.notes.toGhl ? [contactNotesHandler(), callNotesHandler()] : []),
      callTagsHandler(mapping.callTags),
      callRulesHandler({ ghl, rules: mapping.opportunities.fromCalls }),
    ],
    effects,
  };
}
