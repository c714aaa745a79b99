import { z } from "zod";
import { strict } from "./ghl-answer.ts";
import { withoutNull } from "./ghl-contact-view.ts";
import { noSuch, withContact } from "./ghl-contacts.ts";
import { type GhlContact, type GhlTask, nextGhlId } from "./ghl-state.ts";
import { type Answer, created, ok, type Route, type TwinRequest } from "./route.ts";
import { after, traceId, type World } from "./world.ts";

const taskBody = z.strictObject({
  title: z.string().min(1),
  body: z.string().optional(),
  dueDate: z.iso.datetime({ offset: true }),
  completed: z.boolean(),
  assignedTo: z.string().optional(),
});

const enrolBody = z.strictObject({ eventStartTime: z.string().optional() });

/** Tasks, and enrolment in workflows: a workflow cannot be created or read in detail through the API. */
export function ghlTaskRoutes(world: World): Route[] {
  const vendor = "ghl";
  const path = "/contacts/:contactId/tasks";
  const enrolment = "/contacts/:contactId/workflow/:workflowId";
  return [
    {
      vendor,
      operation: "tasks.list",
      method: "GET",
      path,
      handle: (r) =>
        withContact(world, r, (contact) => ok({ tasks: tasksOf(world, contact.id).map(taskView), traceId: traceId() })),
    },
    {
      vendor,
      operation: "tasks.create",
      method: "POST",
      path,
      handle: (r) => withContact(world, r, (contact) => create(world, contact, r.body)),
    },
    {
      vendor,
      operation: "tasks.update",
      method: "PUT",
      path: `${path}/:taskId`,
      handle: (r) => update(world, r, taskBody.partial()),
    },
    {
      vendor,
      operation: "tasks.complete",
      method: "PUT",
      path: `${path}/:taskId/completed`,
      handle: (r) => update(world, r, z.strictObject({ completed: z.boolean() })),
    },
    {
      vendor,
      operation: "workflows.list",
      method: "GET",
      path: "/workflows/",
      handle: () => ok({ workflows: [workflow(world)], traceId: traceId() }),
    },
    {
      vendor,
      operation: "workflow.add",
      method: "POST",
      path: enrolment,
      handle: (r) => withContact(world, r, (contact) => enrol(world, contact, r)),
    },
    {
      vendor,
      operation: "workflow.remove",
      method: "DELETE",
      path: enrolment,
      handle: (r) => withContact(world, r, (contact) => leave(world, contact, r)),
    },
  ];
}

const workflow = (world: World): unknown => ({
  id: "TwinWorkflow00000001",
  name: "Missed call follow-up",
  status: "published",
  version: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  locationId: world.credentials.ghlLocationId,
});

export const taskView = ({ visibleAt: _, ...task }: GhlTask): Record<string, unknown> => withoutNull(task);

export const tasksOf = (world: World, contactId: string): GhlTask[] =>
  [...world.state.ghl.tasks.values()].filter((task) => task.contactId === contactId && task.visibleAt <= world.now());

function create(world: World, contact: GhlContact, body: unknown): Answer {
  const read = strict(taskBody, body);
  if ("refusal" in read) return read.refusal;
  const { input } = read;
  const task: GhlTask = {
    id: nextGhlId(world.state.ghl, "Task"),
    contactId: contact.id,
    title: input.title,
    body: input.body ?? null,
    dueDate: input.dueDate,
    completed: input.completed,
    assignedTo: input.assignedTo ?? null,
    visibleAt: after(world.now(), world.settings.applyDelayMs),
  };
  world.state.ghl.tasks.set(task.id, task);
  return created({ task: taskView(task), traceId: traceId() });
}

type TaskChange = Partial<Pick<GhlTask, "title" | "dueDate" | "completed">> & { body?: string; assignedTo?: string };

function update(world: World, request: TwinRequest, schema: z.ZodType<TaskChange>): Answer {
  const task = world.state.ghl.tasks.get(request.params.taskId ?? "");
  if (task === undefined) return noSuch("Task", request.params.taskId ?? "");
  const read = strict(schema, request.body);
  if ("refusal" in read) return read.refusal;
  Object.assign(task, read.input);
  return ok({ task: taskView(task), traceId: traceId() });
}

function enrol(world: World, contact: GhlContact, { params, body }: TwinRequest): Answer {
  const read = strict(enrolBody, body);
  if ("refusal" in read) return read.refusal;
  world.state.ghl.enrolments.push({ workflowId: params.workflowId ?? "", contactId: contact.id, at: world.now() });
  return ok({ succeded: true, traceId: traceId() });
}

function leave(world: World, contact: GhlContact, { params }: TwinRequest): Answer {
  const { ghl } = world.state;
  ghl.enrolments = ghl.enrolments.filter((one) => one.workflowId !== params.workflowId || one.contactId !== contact.id);
  return ok({ succeded: true, traceId: traceId() });
}
