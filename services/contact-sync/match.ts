import type { EventLog } from "@callbridge/event-log";
import { type Call, type Effect, foldCall, type GhlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { Decision, Fact, Handler } from "@callbridge/service";
import { callerOf } from "./caller.ts";

export type MatchDeps = {
  log: Pick<EventLog, "stream">;
  ghl: Pick<Ghl, "findContactsByPhone">;
  unknownCaller: "create" | "inbox";
  /** How long the CRM's search index may lag behind; nobody is created before that. Milliseconds. */
  indexLagMs: number;
};

/** The two look-ups of the CRM may disagree for as long as its index lags; then the verified contact is believed. */
const disagreementMaxMs = 60_000;
const lookAgainMs = 3_000;

/** Finds the CRM contact that a call belongs to: exactly the number, exactly one person, or nobody. */
export function matchHandler(deps: MatchDeps): Handler<Call> {
  return {
    name: "match",
    on: ["call.identified", "effect.observed", "effect.failed", "effect.unknown", "effect.skipped"],
    fold: foldCall,
    decide: async (event, call, context) => {
      if (event.type.startsWith("effect.") && !("kind" in event.data && event.data.kind === "ghl.contact")) return {};
      if (isSettled(call) || call.erased || !call.identified || !(call.callId || call.callUuid)) return {};

      if (call.withheld) return unmatched(call, "withheld");
      if (call.direction === "internal") return unmatched(call, "internal");
      const phone = call.externalPhone;
      if (!phone) return unmatched(call, call.invalidPhone ? "invalid-phone" : "no-phone");
      const creation = creationOf(call);
      if (creation && !creation.end) return {};
      const caller = await callerOf(call, { account: event.account, hash: context.hash, log: deps.log });
      const matched = (id: GhlContactId, because: "phone" | "created" | "link") =>
        matchedWith(call, id, because, () => caller.link(id, because));
      if (creation?.end === "observed" && creation.vendorId) {
        return await matched(creation.vendorId as GhlContactId, "created");
      }

      // By number: a decision made again because a report brought another number must not get the former one's answer.
      const { contacts, agree } = await context.once(`contacts:${phone}`, () => deps.ghl.findContactsByPhone(phone));
      const [contact, ...others] = contacts;
      const age = context.now.getTime() - new Date(event.recordedAt).getTime();
      const again: Decision = {
        wake: [{ key: `match:${call.stream}`, at: new Date(context.now.getTime() + lookAgainMs) }],
      };
      if (others.length > 0) {
        const candidates = contacts.map(({ id }) => id);
        // Of several holders of the number the one that the caller is known to be.
        const known = candidates.find((id) => id === caller.ghl);
        return known ? await matched(known, "link") : unmatched(call, "ambiguous", candidates);
      }
      if (contact) return agree || age >= disagreementMaxMs ? await matched(contact.id, "phone") : again;
      if (caller.ghl) return await matched(caller.ghl, "link");
      if (creation) return unmatched(call, "creation-failed");
      if (deps.unknownCaller === "inbox") return unmatched(call, "unknown-caller");
      // Somebody may have been created a moment ago and not be found yet.
      if (age < deps.indexLagMs) return again;
      return {
        intend: [
          {
            kind: "ghl.contact",
            effect: `contact:${call.stream}`,
            // All calls of one unknown number create one contact, one after the other.
            target: `ghl-contact:${context.hash(phone)}`,
            revision: 0,
            input: { phone, ...(call.contactName && { name: call.contactName }) },
          },
        ],
      };
    },
  };
}

/** Matched, or for a reason that holds: a number may come after all, and a person may send a refused creation again. */
function isSettled(call: Call): boolean {
  const { contact, externalPhone } = call;
  if (!contact || !("unmatched" in contact)) return contact !== undefined;
  if (contact.unmatched === "creation-failed") return creationOf(call)?.end !== "observed";
  return !(externalPhone && (contact.unmatched === "no-phone" || contact.unmatched === "invalid-phone"));
}

/** The creation of the call's contact; of several the one that came off, else the last. */
function creationOf({ effects }: Call): Effect | undefined {
  const creations = [...effects.values()].filter(({ kind }) => kind === "ghl.contact");
  return creations.find(({ end }) => end === "observed") ?? creations.at(-1);
}

/** One verdict for each call, and a second one when the first did not hold. */
const keyOf = (call: Call) => ({ fact: `${call.stream}/contact${call.contact ? ":2" : ""}` });

async function matchedWith(
  call: Call,
  ghlContactId: GhlContactId,
  because: "phone" | "created" | "link",
  link: () => Promise<Fact | undefined>,
): Promise<Decision> {
  const { cloudtalkContactId } = call;
  const match: Fact = {
    type: "call.matched",
    stream: call.stream ?? "",
    key: keyOf(call),
    data: { ghlContactId, cloudtalkContactId, because },
    personal: {},
  };
  const linking = await link();
  return { append: linking ? [match, linking] : [match] };
}

function unmatched(
  call: Call,
  because: "withheld" | "internal" | "no-phone" | "invalid-phone" | "ambiguous" | "unknown-caller" | "creation-failed",
  candidates?: GhlContactId[],
): Decision {
  return {
    append: [
      {
        type: "call.unmatched",
        stream: call.stream ?? "",
        key: keyOf(call),
        data: { because, ...(candidates && { candidates }) },
        personal: {},
      },
    ],
  };
}
