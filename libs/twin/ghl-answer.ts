import type { z } from "zod";
import type { Answer, TwinRequest } from "./route.ts";
import { traceId, type World } from "./world.ts";

/** The error shapes of facts/ghl.md §6. */
export const badRequest = (message: string, more: Record<string, unknown> = {}): Answer => ({
  status: 400,
  body: { statusCode: 400, message, ...more, traceId: traceId() },
});

export const unprocessable = (message: string[]): Answer => ({
  status: 422,
  body: { statusCode: 422, message, error: "Unprocessable Entity", traceId: traceId() },
});

export const missing = (message: string): Answer => ({
  status: 404,
  body: { statusCode: 404, message, traceId: traceId() },
});

export const unauthorized = (message: string): Answer => ({
  status: 401,
  body: { statusCode: 401, message, error: "Unauthorized" },
});

export const forbidden = (): Answer => ({
  status: 403,
  body: { statusCode: 403, message: "The token does not have access to this location.", error: "Forbidden" },
});

/** Parses a write body like the vendor's strict DTOs: an unknown property is a 422, worded per property. */
export function strict<T extends z.ZodType>(schema: T, body: unknown): { input: z.infer<T> } | { refusal: Answer } {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? { input: parsed.data } : { refusal: unprocessable(parsed.error.issues.flatMap(wording)) };
}

function wording(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join(".");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => `property ${path === "" ? key : `${path}.${key}`} should not exist`);
    case "invalid_type":
      return [`${path} must be a ${issue.expected}`];
    case "invalid_value":
      return [`${path} must be a valid enum value`];
    default:
      return [`${path} should not be empty`];
  }
}

/** A request that names another location than the token's is a 403, wherever it names it. */
export function otherLocation(world: World, { params, query, body }: TwinRequest): boolean {
  const named = [params.locationId, query.locationId, query.location_id];
  if (typeof body === "object" && body !== null && "locationId" in body) named.push(String(body.locationId));
  return named.some((id) => id !== undefined && id !== world.credentials.ghlLocationId);
}
