import { type Call, foldCall, isEvent, type LogEvent } from "@callbridge/events";
import type { Handler, MappingSettings } from "@callbridge/service";

type Tagged = { call: Call; tags: { tag: string; position: number }[] };

/**
 * A call's tags become tags of the contact that the call belongs to. They are another thing than the contact's own tags in
 * CloudTalk (facts/cloudtalk.md §1.6), so by default a prefix keeps the two apart. A tag taken from a call stays on the contact:
 * another call may have brought it too.
 */
export function callTagsHandler(settings: MappingSettings["callTags"]): Handler<Tagged> {
  const names = new Map(Object.entries(settings.names).map(([tag, name]) => [tag.toLowerCase(), name]));
  const nameOf = (tag: string): string | null => {
    const named = names.get(tag.toLowerCase());
    return named !== undefined ? named : settings.others ? `${settings.prefix}${tag}` : null;
  };
  return {
    name: "call-tags",
    on: ["call.tagged", "call.matched"],
    fold: (events) => ({ call: foldCall(events), tags: events.flatMap(tagIn) }),
    decide: (_event, { call, tags }) => {
      if (!call.contact || "unmatched" in call.contact || call.erased) return {};
      const contactId = call.contact.ghlContactId;
      // What was meant for a contact that has since been merged into this one has to be written here.
      const intended = [...call.effects.values()].filter(
        ({ kind, input }) => kind === "ghl.tags" && input?.contactId === contactId,
      );
      // GHL stores tags in lower case (facts/ghl.md §3.1).
      const known = new Set(intended.flatMap(({ input }) => (Array.isArray(input?.add) ? input.add : [])));
      const wanted = tags.flatMap(({ tag, position }) => {
        const name = nameOf(tag)?.trim().toLowerCase();
        return name && !known.has(name) ? [{ name, position }] : [];
      });
      const last = wanted.at(-1);
      if (!last) return {};
      return {
        intend: [
          {
            kind: "ghl.tags",
            effect: `call-tags:${call.stream}:${last.position}:${contactId}`,
            target: `ghl-tags:${contactId}`,
            revision: 0,
            input: { contactId, add: [...new Set(wanted.map(({ name }) => name))], remove: [] },
          },
        ],
      };
    },
  };
}

function tagIn(event: LogEvent) {
  return isEvent(event, "call.tagged") ? [{ tag: event.data.tag, position: event.position }] : [];
}
