import { randomUUID } from "node:crypto";
import type { TwinCredentials } from "./credentials.ts";
import type { TwinSettings } from "./settings.ts";
import type { TwinState } from "./state.ts";

/** A write of the API's user, told to the webhook side so that it can echo it. */
export type Change =
  | { kind: "ghl-contact"; action: "create" | "update" | "tags" | "delete"; contactId: string }
  | { kind: "ghl-note"; action: "create" | "update" | "delete"; contactId: string; noteId: string }
  | { kind: "ghl-opportunity"; action: "create" | "stage" | "status" | "update"; opportunityId: string }
  | { kind: "cloudtalk-contact"; action: "create" | "update" | "delete"; contactId: string }
  | { kind: "cloudtalk-call"; action: "note" | "tag"; callId: string };

/** What every route works on. `state` and `settings` are replaced, so read them at each use and never keep them. */
export type World = {
  state: TwinState;
  settings: TwinSettings;
  readonly credentials: TwinCredentials;
  readonly now: () => Date;
  /** Address others reach the twin at, without a trailing slash. */
  readonly url: () => string;
  readonly changed: (change: Change) => void;
  /** Takes the webhooks instead of the network. */
  readonly send?: SendWebhook | undefined;
};

/** Carries one webhook to Callbridge; `raw` is its body, byte by byte. */
export type SendWebhook = (path: string, raw: string, headers: Record<string, string>) => Promise<Response>;

export const traceId = (): string => randomUUID();

/** A moment plus milliseconds. */
export const after = (moment: Date, ms: number): Date => new Date(moment.getTime() + ms);

export const iso = (moment: Date): string => moment.toISOString();
