import {
  type CloudTalkContactId,
  type Effect,
  evolveEffects,
  type GhlContactId,
  type LogEvent,
} from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import type { Handler } from "@callbridge/service";
import { linked } from "./link.ts";

/** A contact as far as bringing it to the other side needs to know it. */
type Contact = { linked: boolean; effects: ReadonlyMap<string, Effect> };

export type NewContactDeps = { ghl: Pick<Ghl, "contact" | "contactPage"> };

/** A contact that is new in the CRM becomes one in the call centre, once; then the two are linked. */
export function newContactHandler(deps: NewContactDeps): Handler<Contact> {
  return {
    name: "new-contact",
    on: ["contact.reported", "effect.observed"],
    fold: (events) => events.reduce(evolve, { linked: false, effects: new Map() }),
    decide: async (event, contact) => {
      if (contact.linked) return {};
      if (event.type === "effect.observed") {
        const { kind, vendorId } = event.data;
        const ghlContactId = event.stream.replace(/^contact:ghl:/, "");
        if (kind !== "cloudtalk.contact" || !vendorId || ghlContactId === event.stream) return {};
        return { append: [linked(vendorId as CloudTalkContactId, ghlContactId as GhlContactId, "created")] };
      }
      if (event.type !== "contact.reported" || event.data.origin !== "ghl" || event.data.change !== "created")
        return {};
      const { ghlContactId } = event.data;
      if (!ghlContactId || [...contact.effects.values()].some((effect) => effect.kind === "cloudtalk.contact"))
        return {};
      // The webhook is a hint: what it left out, and what changed since, only the CRM knows.
      const now = await deps.ghl.contact(ghlContactId);
      const [phone] = now?.phones ?? [];
      if (!now || !phone) return {};
      const name = now.name ?? [now.firstName, now.lastName].filter(Boolean).join(" ");
      return {
        intend: [
          {
            kind: "cloudtalk.contact",
            effect: `cloudtalk-contact:${ghlContactId}`,
            target: `cloudtalk-contact:${ghlContactId}`,
            revision: 0,
            input: {
              name: name || phone,
              phones: now.phones,
              emails: now.emails,
              externalUrl: { name: "GoHighLevel", url: deps.ghl.contactPage(ghlContactId) },
            },
          },
        ],
      };
    },
  };
}

function evolve(contact: Contact, event: LogEvent): Contact {
  return { linked: contact.linked || event.type === "contact.linked", effects: evolveEffects(contact.effects, event) };
}
