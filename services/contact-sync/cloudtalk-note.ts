import type { CloudTalk } from "@callbridge/cloudtalk";
import { cloudtalkContactId } from "@callbridge/events";
import { type EffectContext, type EffectDefinition, noteMark, type Observed } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  contactId: cloudtalkContactId,
  /** One line. Absent: the note was deleted in the CRM, so our copy goes too. */
  text: z.string().optional(),
});
type Input = z.output<typeof input>;

/** The copy of a CRM's note in CloudTalk: written once, found again by its mark, changed only while no agent has changed it. */
export function cloudtalkNoteEffect(
  cloudtalk: Pick<CloudTalk, "notes" | "addNote" | "editNote" | "deleteNote">,
  host: string,
): EffectDefinition<Input> {
  return {
    kind: "cloudtalk.note",
    input,
    host,
    perform: async ({ contactId, text }, context) => {
      const { previous, hash } = context;
      const former = previous?.vendorId;
      if (former === undefined) {
        if (text === undefined) return {};
        const { id } = await cloudtalk.addNote(contactId, marked(text, context));
        return observed(id, text, context);
      }
      const note = (await cloudtalk.notes(contactId)).find(({ id }) => id === former);
      if (!note) return text === undefined ? {} : { skip: "the note was deleted by somebody" };
      if (hash(plain(note.note)) !== previous?.digest) return { skip: "the note was edited by somebody" };
      if (text === undefined) {
        await cloudtalk.deleteNote(former);
        return {};
      }
      await cloudtalk.editNote(contactId, former, marked(text, context));
      return observed(former, text, context);
    },
    readBack: async ({ contactId, text }, context) => {
      const note = (await cloudtalk.notes(contactId)).find((one) => one.note.includes(noteMark(context)));
      if (text === undefined) return note ? undefined : {};
      if (!note) return undefined;
      // After an update that got lost, the mark is there with the former text.
      const isThere = context.previous?.vendorId === undefined || plain(note.note) === plain(marked(text, context));
      return isThere ? observed(note.id, text, context) : undefined;
    },
  };
}

const marked = (text: string, context: EffectContext) => `${text} ${noteMark(context)}`;
const plain = (text: string) => text.replace(/\s+/g, " ").trim();
const observed = (vendorId: string, text: string, context: EffectContext): Observed => ({
  vendorId,
  digest: context.hash(plain(marked(text, context))),
});
