import { type Effect, evolveEffects, isEvent, linksIn } from "@callbridge/events";
import type { Fact, Handler } from "@callbridge/service";

type Parted = { isLinked: boolean; effects: ReadonlyMap<string, Effect> };

/**
 * A person said that two records are two people: what is still to be written to either of them because of the other, and
 * that no attempt was made at, is written no more.
 */
export function withdrawHandler(): Handler<Parted> {
  return {
    name: "withdraw",
    on: ["contact.unlinked"],
    fold: (events) => ({
      isLinked: linksIn(events).length > 0,
      effects: events.reduce(evolveEffects, new Map()),
    }),
    decide: (event, { isLinked, effects }) => {
      if (!isEvent(event, "contact.unlinked") || event.data.because !== "person" || isLinked) return {};
      const { cloudtalkContactId, ghlContactId } = event.data;
      const isTheirs = ({ input }: Effect) =>
        input?.contactId === cloudtalkContactId || input?.contactId === ghlContactId;
      const isOpen = ({ end, attempts, intendedAt }: Effect) => !end && attempts === 0 && intendedAt < event.position;
      return { append: [...effects.values()].filter((one) => isOpen(one) && isTheirs(one)).map(withdrawn) };
    },
  };
}

/** The executor ends an effect under the same key, so whoever is first has ended it. */
function withdrawn({ effect, kind, target, stream }: Effect): Fact {
  const because = "the two contacts were parted by a person";
  const key = { fact: `effect:${effect}/end` };
  return { type: "effect.skipped", stream, key, data: { effect, kind, target, because }, personal: {} };
}
