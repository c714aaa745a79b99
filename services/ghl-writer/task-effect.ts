import { ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import { type EffectDefinition, noteMark } from "@callbridge/service";
import { z } from "zod";

const input = z.object({
  contactId: ghlContactId,
  title: z.string(),
  body: z.string(),
  dueAt: z.iso.datetime({ offset: true }),
  /** A user of the location. */
  assignedTo: z.string().optional(),
});
type Input = z.output<typeof input>;

/** A task on a contact, made once and found again by its mark. */
export function taskEffect(ghl: Pick<Ghl, "tasks" | "createTask">, host: string): EffectDefinition<Input> {
  return {
    kind: "ghl.task",
    input,
    host,
    perform: async ({ contactId, title, body, dueAt, assignedTo }, context) => {
      const task = { title, body: `${body}\n${noteMark(context)}`, dueAt: new Date(dueAt), assignedTo };
      return { vendorId: (await ghl.createTask(contactId, task)).id };
    },
    readBack: async ({ contactId }, context) => {
      const found = (await ghl.tasks(contactId)).find(({ body }) => body?.includes(noteMark(context)));
      return found && { vendorId: found.id };
    },
  };
}
