import type { EventType } from "./catalogue.ts";

/**
 * What an operator sets up in a vendor's product so that one of our endpoints is called, written beside the code that
 * reads it. The command line prints it, the guides show it, the tests fill it in as the vendor would.
 */
export type WebhookTemplate = {
  /** Last part of the address, and what the normaliser calls it. */
  endpoint: string;
  path: string;
  method: "POST";
  /** What starts the automation, in the vendor's words. */
  trigger: string;
  /** The vendor's action that sends the request. */
  action: string;
  /** Proves that the vendor sent it; `secretPlaceholder` stands for the secret. */
  header: string;
  /** The field of that action which `body` goes into. */
  bodyGoesTo: string;
  /** Fixed words and merge tags. The vendor replaces a merge tag by the value, or by nothing. */
  body: Record<string, string>;
  /** One of these must have a value, else nobody knows what it is about. All others may be empty. */
  needsOneOf: string[];
  /** The event that it becomes when everything has a value. */
  event: EventType;
  /** What else to set, and what to know. */
  besides: string[];
};

export const secretPlaceholder = "<secret>";
