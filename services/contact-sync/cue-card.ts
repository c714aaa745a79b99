import type { EventLog } from "@callbridge/event-log";
import { type Call, type CloudTalkContactId, foldCall, linksIn, stream } from "@callbridge/events";
import type { Ghl, GhlContact } from "@callbridge/ghl";
import { type Context, type Handler, type MappingSettings, remembered } from "@callbridge/service";

export type CueCardDeps = {
  ghl: Pick<Ghl, "contact" | "findContactsByPhone" | "customFields" | "contactPage">;
  log: Pick<EventLog, "stream">;
  settings: MappingSettings["cueCard"];
};

/**
 * Tells the agent who is calling, as soon as the call is answered: only while it lives, only what is known, and only of
 * exactly one contact. A caller whom nobody knows gets no card.
 */
export function cueCardHandler({ ghl, log, settings }: CueCardDeps): Handler<Call> {
  const fieldNames = remembered(
    async () => new Map((await ghl.customFields()).map(({ id, name }) => [id, name.toLowerCase()])),
  );

  return {
    name: "cue-card",
    on: settings.enabled ? ["call.answered"] : [],
    fold: foldCall,
    decide: async (event, call, context) => {
      const { callUuid } = call;
      if (event.type !== "call.answered" || !callUuid || call.ended || call.erased) return {};
      const answeredAt = new Date(call.answeredAt ?? event.recordedAt).getTime();
      const notAfter = new Date(answeredAt + settings.answeredWithinMs);
      if (context.now > notAfter) return {};
      const contact = await callerOf(call, event.account, context);
      if (!contact) return {};
      const name = contact.name ?? [contact.firstName, contact.lastName].filter(Boolean).join(" ");
      const [phone] = contact.phones;
      const title = name || phone;
      if (!title) return {};
      const subtitle = contact.companyName ?? (title === phone ? undefined : phone);
      const fields = [
        ...(await valuesOf(contact, context.now.getTime())),
        { name: "GoHighLevel", value: ghl.contactPage(contact.id) },
      ];
      return {
        intend: [
          {
            kind: "cloudtalk.cue_card",
            effect: `cue-card:${callUuid}`,
            target: `cue-card:${callUuid}`,
            revision: 0,
            input: { callUuid, title, ...(subtitle && { subtitle }), fields, notAfter: notAfter.toISOString() },
          },
        ],
      };
    },
  };

  /** By the link, else by exactly this number. Two holders, or two look-ups that disagree, are nobody. */
  async function callerOf(call: Call, account: string, context: Context): Promise<GhlContact | undefined> {
    const linked = call.cloudtalkContactId && (await linkedTo(call.cloudtalkContactId, account));
    if (linked) return await context.once(`contact:${linked}`, () => ghl.contact(linked));
    const phone = call.externalPhone;
    if (!phone || call.withheld || call.direction === "internal") return undefined;
    const { contacts, agree } = await context.once(`contacts:${phone}`, () => ghl.findContactsByPhone(phone));
    return agree && contacts.length === 1 ? contacts[0] : undefined;
  }

  async function linkedTo(id: CloudTalkContactId, account: string) {
    const { events } = await log.stream(account, stream.cloudtalkContact(id));
    return linksIn(events).find(({ cloudtalkContactId }) => cloudtalkContactId === id)?.ghlContactId;
  }

  async function valuesOf({ customFields }: GhlContact, nowMs: number): Promise<{ name: string; value: string }[]> {
    const byId = settings.fields.length > 0 && customFields.length > 0 ? await fieldNames(nowMs) : new Map();
    return settings.fields.flatMap((name) => {
      const field = customFields.find(({ id }) => byId.get(id) === name.toLowerCase());
      const value =
        field && (typeof field.value === "string" || typeof field.value === "number") && String(field.value);
      return value ? [{ name, value }] : [];
    });
  }
}
