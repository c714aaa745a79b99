import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { cloudtalkEvents } from "./cloudtalk-webhooks.ts";
import type { TwinControl } from "./control.ts";
import { faultSchema } from "./faults.ts";
import { ghlWorkflowKinds } from "./ghl-webhooks.ts";
import { callSchema } from "./play-call.ts";
import { asRecord } from "./route.ts";
import { mergeSettings } from "./settings.ts";

const deedBody = z.strictObject({
  vendor: z.enum(["cloudtalk", "ghl"]),
  operation: z.string(),
  params: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  report: z.enum(["off", "workflow", "app", "both"]).optional(),
  duplicates: z.number().int().nonnegative().optional(),
});
const consentBody = z.strictObject({ kind: z.enum(["Location", "Company"]).optional() });
const fields = z.record(z.string(), z.unknown());
const peopleBody = z.strictObject({ count: z.number().int().min(1).max(100_000) });
const automationBody = z.strictObject({ event: z.enum(cloudtalkEvents), payload: z.unknown() });
const nativeBody = z.strictObject({ type: z.string(), data: z.unknown(), deliveryId: z.string().optional() });
const workflowBody = z.strictObject({
  kind: z.enum(ghlWorkflowKinds),
  contactId: z.string(),
  extra: fields.optional(),
});
const appBody = z.strictObject({
  type: z.string(),
  id: z.string(),
  fields: fields.optional(),
  webhookId: z.string().optional(),
});

/** Drives the twin from another process, under `/twin`. `about` is what such a process must know to configure itself. */
export function mountControl(app: FastifyInstance, control: TwinControl, about: () => unknown): void {
  const actions: Record<string, (body: unknown) => unknown> = {
    calls: (body) => control.playCall(callSchema.parse(body)),
    "calls/start": (body) => control.startCall(callSchema.parse(body)),
    people: (body) => control.addPeople(peopleBody.parse(body).count),
    settings: (body) => control.configure(mergeSettings(control.settings(), asRecord(body))),
    faults: (body) => control.fault(faultSchema.parse(body)),
    reset: () => control.reset(),
    act: (body) => control.act(deedBody.parse(body)),
    consent: (body) => ({ code: control.consent(consentBody.parse(body).kind) }),
    "requests/reset": () => control.resetRequests(),
    settle: () => control.settle(),
    "webhooks/automation": (body) => {
      const { event, payload } = automationBody.parse(body);
      return control.sendAutomation(event, payload);
    },
    "webhooks/native": (body) => {
      const { type, data, deliveryId } = nativeBody.parse(body);
      return control.sendNative(type, data, deliveryId);
    },
    "webhooks/ghl-workflow": (body) => {
      const { kind, contactId, extra } = workflowBody.parse(body);
      return control.sendGhlWorkflow(kind, contactId, extra);
    },
    "webhooks/ghl-app": (body) => {
      const { type, id, fields: more, webhookId } = appBody.parse(body);
      return control.sendGhlApp(type, id, more, webhookId);
    },
  };
  for (const [path, act] of Object.entries(actions)) {
    app.post(`/twin/${path}`, async (request, reply) => {
      try {
        return reply.send((await act(bodyOf(request.body))) ?? { ok: true });
      } catch (cause) {
        if (cause instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(cause) });
        throw cause;
      }
    });
  }
  app.post<{ Params: { callId: string } }>("/twin/calls/:callId/end", (request) =>
    control.endCall(request.params.callId, callSchema.parse(bodyOf(request.body))),
  );
  app.get("/twin", about);
  app.get("/twin/settings", () => control.settings());
  app.get("/twin/requests", () => control.requests());
  app.get("/twin/contacts", () => control.seeded());
  app.get<{ Params: { id: string } }>("/twin/contacts/:id", async (request, reply) => {
    const { id } = request.params;
    const page = /^\d+$/.test(id) ? control.cloudtalkContact(id) : control.contact(id);
    return page === undefined ? reply.code(404).send({ error: "no such contact" }) : reply.send(page);
  });
}

const bodyOf = (body: unknown): unknown =>
  Buffer.isBuffer(body) && body.length > 0 ? JSON.parse(body.toString()) : asRecord(undefined);
