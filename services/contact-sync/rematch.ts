import { type Call, foldCall, type GhlContactId, isEvent, type LogEvent } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { Decision, Fact, Handler } from "@callbridge/service";
import { callerOf } from "./caller.ts";
import type { MatchDeps } from "./match.ts";

export type RematchDeps = Pick<MatchDeps, "log" | "indexLagMs"> & { ghl: Pick<Ghl, "contact" | "findContactsByPhone"> };

/** As long as the CRM's index may lag its two look-ups may disagree; a contact that is left after a merge shows late too. */
const disagreementMaxMs = 60_000;
const lookAgainMs = 3_000;

/**
 * A note was refused because its contact is gone. After a merge the call belongs to the contact that is left: the only other
 * holder of the number, or the one that the caller is linked with by now. Else a person is asked; nobody is made anew.
 */
export function rematchHandler(deps: RematchDeps): Handler<Call> {
  return {
    name: "rematch",
    on: ["effect.failed"],
    fold: foldCall,
    decide: async (event, call, context) => {
      const gone = refusedContact(event, call);
      if (!gone || (await context.once(`contact:${gone}`, () => deps.ghl.contact(gone)))) return {};

      const { externalPhone: phone } = call;
      const look = () => (phone ? deps.ghl.findContactsByPhone(phone) : Promise.resolve({ contacts: [], agree: true }));
      const { contacts, agree } = await context.once(`contacts:${phone}`, look);
      const holders = contacts.map(({ id }) => id).filter((id) => id !== gone);
      const caller = await callerOf(call, { account: event.account, hash: context.hash, log: deps.log });
      const known = caller.ghl !== gone ? caller.ghl : undefined;
      const [only, ...others] = holders;
      if (others.length > 0) {
        const isKnown = known !== undefined && holders.includes(known);
        return isKnown ? matched(event, call, known, "link") : unmatched(event, call, "ambiguous", holders);
      }
      const age = context.now.getTime() - new Date(event.recordedAt).getTime();
      if (only && (agree || age >= disagreementMaxMs)) return matched(event, call, only, "phone");
      if (!only && known) return matched(event, call, known, "link");
      if (age < (agree ? deps.indexLagMs : disagreementMaxMs)) {
        const at = new Date(context.now.getTime() + lookAgainMs);
        return { wake: [{ key: `rematch:${call.stream}`, at }] };
      }
      return unmatched(event, call, "contact-gone");
    },
  };
}

/** The contact that a note of the call was refused for, if it is still the one that the call is matched with. */
function refusedContact(event: LogEvent, { contact, effects, erased }: Call): GhlContactId | undefined {
  if (!isEvent(event, "effect.failed") || event.data.kind !== "ghl.note" || !event.data.final || erased)
    return undefined;
  if (!contact || "unmatched" in contact) return undefined;
  return effects.get(event.data.effect)?.input?.contactId === contact.ghlContactId ? contact.ghlContactId : undefined;
}

/** Named by the refusal: it is answered once. */
const keyOf = (event: LogEvent, call: Call) => ({ fact: `${call.stream}/contact:after:${event.position}` });

function matched(event: LogEvent, call: Call, ghlContactId: GhlContactId, because: "phone" | "link"): Decision {
  const data = { ghlContactId, cloudtalkContactId: call.cloudtalkContactId, because };
  const match: Fact = {
    type: "call.matched",
    stream: call.stream ?? "",
    key: keyOf(event, call),
    data,
    personal: {},
  };
  return { append: [match] };
}

function unmatched(
  event: LogEvent,
  call: Call,
  because: "ambiguous" | "contact-gone",
  candidates?: GhlContactId[],
): Decision {
  const verdict: Fact = {
    type: "call.unmatched",
    stream: call.stream ?? "",
    key: keyOf(event, call),
    data: { because, ...(candidates && { candidates }) },
    personal: {},
  };
  return { append: [verdict] };
}
