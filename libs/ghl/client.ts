import { type GhlOptions, ghlApi } from "./api.ts";
import { callsOf } from "./calls.ts";
import { contactsOf } from "./contacts.ts";
import { locationOf } from "./location.ts";
import { notesOf } from "./notes.ts";

/**
 * GHL's API for one location, as far as Callbridge uses it. Every failure is a `VendorError`; requests are built field
 * by field because GHL refuses unknown ones (422); answers are read tolerantly because they differ from the contract.
 */
export function createGhl(options: GhlOptions) {
  const api = ghlApi(options);
  return { ...contactsOf(api), ...notesOf(api), ...callsOf(api), ...locationOf(api) };
}

export type Ghl = ReturnType<typeof createGhl>;
