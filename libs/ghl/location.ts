import { z } from "zod";
import type { GhlApi } from "./api.ts";

/** `fieldKey`, such as `contact.call_score`, is what workflows and templates name it by. */
export type GhlCustomField = { id: string; name: string; fieldKey: string; dataType: string };
/** The types that need no options, which GHL does not document. */
export type GhlCustomFieldType = "TEXT" | "LARGE_TEXT" | "NUMERICAL";
export type GhlUser = { id: string; name?: string | undefined; email?: string | undefined };
export type GhlPipeline = { id: string; name: string; stages: { id: string; name: string }[] };

const id = z.string().min(1);
const name = z.string().catch("");
const text = z.string().nullish().catch(undefined);
const customField = z.object({ id, name, fieldKey: name, dataType: name });
const customFieldList = z.looseObject({ customFields: z.array(customField) });
const createdField = z.looseObject({ customField });
const user = z.object({ id, name: text, firstName: text, lastName: text, email: text }).transform(
  (answer): GhlUser => ({
    id: answer.id,
    name: (answer.name ?? [answer.firstName, answer.lastName].filter(Boolean).join(" ")) || undefined,
    email: answer.email?.trim().toLowerCase() || undefined,
  }),
);
const userList = z.looseObject({ users: z.array(user) });
const stages = z.array(z.object({ id, name })).catch([]);
const pipelineList = z.looseObject({ pipelines: z.array(z.object({ id, name, stages })) });

/** What belongs to the location and not to a contact. Changes seldom: callers cache it. */
export function locationOf({ request, locationId }: GhlApi) {
  const fieldsPath = `/locations/${encodeURIComponent(locationId)}/customFields`;

  return {
    /** The contact's custom fields: a contact's values name them by id only. */
    async customFields(): Promise<GhlCustomField[]> {
      const query = { model: "contact" };
      const operation = "custom-fields.list";
      return (await request({ operation, method: "GET", path: fieldsPath, query, answer: customFieldList }))
        .customFields;
    },

    async createCustomField(field: { name: string; dataType: GhlCustomFieldType }): Promise<GhlCustomField> {
      const json = { name: field.name, dataType: field.dataType, model: "contact" };
      const operation = "custom-fields.create";
      return (await request({ operation, method: "POST", path: fieldsPath, json, answer: createdField })).customField;
    },

    /** The location's users; agents are found by e-mail. Agency users are not listed (issue 230). */
    async users(): Promise<GhlUser[]> {
      const query = { locationId };
      return (await request({ operation: "users.list", method: "GET", path: "/users/", query, answer: userList }))
        .users;
    },

    async pipelines(): Promise<GhlPipeline[]> {
      const path = "/opportunities/pipelines";
      const query = { locationId };
      const operation = "pipelines.list";
      return (await request({ operation, method: "GET", path, query, answer: pipelineList })).pipelines;
    },
  };
}
