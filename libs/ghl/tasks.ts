import type { GhlContactId } from "@callbridge/events";
import { z } from "zod";
import type { GhlApi } from "./api.ts";

export type GhlTask = { id: string; title: string | undefined; body: string | undefined };
export type NewGhlTask = {
  title: string;
  body?: string | undefined;
  dueAt: Date;
  /** A user of the location. */
  assignedTo?: string | undefined;
};

const id = z.string().min(1);
const text = z.string().nullish().catch(undefined);
const task = z.looseObject({ id, title: text, body: text }).transform(
  (answer): GhlTask => ({
    id: answer.id,
    title: answer.title ?? undefined,
    body: answer.body ?? undefined,
  }),
);
const taskList = z.looseObject({ tasks: z.array(task) });
const createAnswer = z.looseObject({ task: z.looseObject({ id }) });

/** Tasks of a contact (facts/ghl.md §3.1). */
export function tasksOf({ request }: GhlApi) {
  const pathOf = (contactId: GhlContactId) => `/contacts/${encodeURIComponent(contactId)}/tasks`;

  return {
    async tasks(contactId: GhlContactId): Promise<GhlTask[]> {
      const get = { operation: "tasks.list", method: "GET", path: pathOf(contactId), answer: taskList } as const;
      return (await request(get)).tasks;
    },

    /** Has no idempotency key: after an ambiguous failure look for the task before another attempt. */
    async createTask(contactId: GhlContactId, { title, body, dueAt, assignedTo }: NewGhlTask): Promise<{ id: string }> {
      const json = { title, body, dueDate: dueAt.toISOString(), completed: false, assignedTo };
      const path = pathOf(contactId);
      return (await request({ operation: "tasks.create", method: "POST", path, json, answer: createAnswer })).task;
    },
  };
}
