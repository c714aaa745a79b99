import { z } from "zod";
import { notFound } from "./cloudtalk-answer.ts";
import { mergeCloudTalkContacts } from "./cloudtalk-merge.ts";
import { badRequest, strict } from "./ghl-answer.ts";
import { screenBody } from "./ghl-contact-input.ts";
import { contactView } from "./ghl-contact-view.ts";
import { save, withContact } from "./ghl-contacts.ts";
import { mergeGhlContacts } from "./ghl-merge.ts";
import { type Answer, ok, type Route, type TwinRequest } from "./route.ts";
import type { World } from "./world.ts";

/** What a person does that no API of the vendor offers. */
type ScreenDeed = Pick<Route, "vendor" | "operation" | "handle">;

/**
 * The contact is in `params.contactId`, a call in `params.callId`; a merge names the contact that vanishes in its body,
 * `{gone}`.
 */
export const screenDeeds = (world: World): ScreenDeed[] => [
  {
    vendor: "ghl",
    operation: "screen.editContact",
    handle: (request) =>
      withContact(world, request, (contact) => {
        const read = strict(screenBody, request.body);
        if ("refusal" in read) return read.refusal;
        save(world, contact, read.input);
        return ok({ contact: contactView(world, contact) });
      }),
  },
  {
    vendor: "ghl",
    operation: "screen.mergeContacts",
    handle: (request) =>
      withContact(world, request, (kept) => {
        const gone = world.state.ghl.contacts.get(goneIn(request));
        return gone === undefined || gone === kept ? badRequest("not found") : mergeGhlContacts(world, kept, gone);
      }),
  },
  {
    vendor: "cloudtalk",
    operation: "screen.mergeContacts",
    handle: (request) => mergeCloudTalkContacts(world, request.params.contactId ?? "", goneIn(request)),
  },
  { vendor: "cloudtalk", operation: "screen.noteCall", handle: (request) => writeOnCall(world, request, "note") },
  { vendor: "cloudtalk", operation: "screen.tagCall", handle: (request) => writeOnCall(world, request, "tag") },
];

const goneIn = ({ body }: TwinRequest): string => z.object({ gone: z.string() }).parse(body).gone;

/** Tags and notes of calls are written by agents alone (facts/cloudtalk.md §1.6). */
function writeOnCall(world: World, { params, body }: TwinRequest, what: "note" | "tag"): Answer {
  const call = world.state.cloudtalk.calls.get(params.callId ?? "");
  if (call === undefined) return notFound();
  const { text } = z.object({ text: z.string().min(1) }).parse(body);
  if (what === "note") call.notes.push({ id: String(call.notes.length + 1), note: text });
  else call.tags.push({ id: String(call.tags.length + 1), name: text });
  world.changed({ kind: "cloudtalk-call", action: what, callId: call.id });
  return ok({ callId: call.id });
}
