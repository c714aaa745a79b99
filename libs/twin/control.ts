import { type CloudTalkEvent, sendAutomation, sendNative } from "./cloudtalk-webhooks.ts";
import { type CloudTalkContactPage, type ContactPage, cloudtalkContactPage, contactPage } from "./contact-view.ts";
import type { Fault } from "./faults.ts";
import { consent } from "./ghl-oauth.ts";
import type { GhlTokenKind } from "./ghl-state.ts";
import { appFields, type GhlWorkflowKind, sendGhlApp, sendGhlWorkflow } from "./ghl-webhooks.ts";
import { act, type Deed, type PersonAtWork, personAtWork } from "./person.ts";
import type { CallOptions, PlayedCall } from "./play-call.ts";
import { endCall, playCall, startCall } from "./play-call.ts";
import type { LoggedRequest, RequestReport } from "./request-log.ts";
import type { Answer, Vendor } from "./route.ts";
import { addPeople, type Person, type Seeded, seed } from "./seed.ts";
import type { Watch } from "./server.ts";
import { mergeSettings, type TwinSettings } from "./settings.ts";
import { emptyState, type TwinState } from "./state.ts";
import type { Sent } from "./webhook-post.ts";
import type { World } from "./world.ts";

/** The strings behind the stage. Not part of any vendor's API. */
export type TwinControl = {
  /** The live records; for assertions and for states that no option makes. */
  state: () => TwinState;
  settings: () => TwinSettings;
  /** Changes settings from now on; unknown names throw. */
  configure: (patch: Partial<TwinSettings>) => TwinSettings;
  /** Empties everything, forgets counts, faults and limits, and seeds again. Settings stay. */
  reset: () => Seeded;
  /** The records that every twin starts with. */
  seeded: () => Seeded;
  addPeople: (count: number) => Person[];
  playCall: (options?: CallOptions) => Promise<PlayedCall>;
  startCall: (options?: CallOptions) => Promise<PlayedCall>;
  endCall: (callId: string, options?: CallOptions) => Promise<PlayedCall>;
  /** Undefined for an unknown id. */
  contact: (ghlContactId: string) => ContactPage | undefined;
  /** What the agent sees of a CloudTalk contact; undefined for an unknown id. */
  cloudtalkContact: (cloudtalkContactId: string) => CloudTalkContactPage | undefined;
  /** Somebody consents to the Marketplace app, for a location or as an agency: the code that GHL brings back with the browser. */
  consent: (kind?: GhlTokenKind) => string;
  /** Somebody works in a vendor's own screens: nothing is counted or limited, and webhooks tell of it. */
  act: (deed: Deed) => Promise<Answer>;
  /** The same for what people do most. */
  inGhl: PersonAtWork["inGhl"];
  inCloudTalk: PersonAtWork["inCloudTalk"];
  requests: () => RequestReport;
  /** Every request in order, for assertions on sequence and timing. */
  requestLog: () => readonly LoggedRequest[];
  resetRequests: () => void;
  fault: (fault: Fault) => void;
  clearFaults: () => void;
  /** A workflow automation of CloudTalk with any body. */
  sendAutomation: (event: CloudTalkEvent, payload: unknown) => Promise<Sent>;
  sendNative: (type: string, data: unknown, deliveryId?: string) => Promise<Sent>;
  sendGhlWorkflow: (kind: GhlWorkflowKind, contactId: string, extra?: Record<string, unknown>) => Promise<Sent>;
  /** `id` names a contact, note or opportunity that the event is about; `fields` are laid over what the twin holds. */
  sendGhlApp: (type: string, id: string, fields?: Record<string, unknown>, webhookId?: string) => Promise<Sent>;
  /** Applies at once what was to be applied late, and waits for echoes under way. */
  settle: () => Promise<void>;
};

export function twinControl(world: World, { log, faults, limits, late }: Watch): TwinControl {
  let seeded = seed(world);
  const windowMs = (vendor: Vendor) =>
    vendor === "ghl" ? world.settings.ghlWindowMs : world.settings.cloudtalkWindowMs;
  return {
    state: () => world.state,
    settings: () => world.settings,
    configure(patch) {
      world.settings = mergeSettings(world.settings, patch);
      return world.settings;
    },
    reset() {
      late.cancel();
      log.clear();
      faults.clear();
      limits.clear();
      world.state = emptyState();
      seeded = seed(world);
      return seeded;
    },
    seeded: () => seeded,
    addPeople: (count) => addPeople(world, count),
    playCall: (options) => playCall(world, options),
    startCall: (options) => startCall(world, options),
    endCall: (callId, options) => endCall(world, callId, options),
    contact: (ghlContactId) => contactPage(world, ghlContactId),
    cloudtalkContact: (cloudtalkContactId) => cloudtalkContactPage(world, cloudtalkContactId),
    consent: (kind) => consent(world, kind),
    act: (deed) => act(world, deed),
    ...personAtWork(world),
    requests: () => log.report(windowMs),
    requestLog: () => log.all(),
    resetRequests: () => log.clear(),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    sendAutomation: (event, payload) => sendAutomation(world, event, payload),
    sendNative: (type, data, deliveryId) => sendNative(world, type, data, deliveryId),
    sendGhlWorkflow: (kind, contactId, extra) => sendGhlWorkflow(world, kind, contactId, extra),
    sendGhlApp: (type, id, fields = {}, webhookId) =>
      sendGhlApp(world, type, { ...appFields(world, type, id), ...fields }, webhookId),
    settle: () => late.settle(),
  };
}
