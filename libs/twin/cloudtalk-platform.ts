import { z } from "zod";
import { type Answer, ok, type Route } from "./route.ts";
import type { World } from "./world.ts";

const cueCard = z.object({
  call_uuid: z.string().min(1),
  type: z.enum(["blocks", "html"]),
  title: z.string().min(1),
  subtitle: z.string().optional(),
  icon_url: z.string().optional(),
  content: z.union([z.string(), z.array(z.object({ type: z.enum(["textfield", "richtext", "image", "file"]) }))]),
});

/** Cue cards: shown to an agent during an answered call only, else 424 (facts/cloudtalk.md §1.12). */
export function platformRoutes(world: World): Route[] {
  return [
    {
      vendor: "platform",
      operation: "cuecards.create",
      method: "POST",
      path: "/cuecards",
      handle: ({ body }) => showCard(world, body),
    },
  ];
}

function showCard(world: World, body: unknown): Answer {
  const parsed = cueCard.safeParse(body);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path }) => `field validation for '${path.join(".")}' failed (required)`);
    return { status: 400, body: { success: false, errors } };
  }
  const { call_uuid } = parsed.data;
  const active = [...world.state.cloudtalk.calls.values()].some(
    (call) => call.uuid === call_uuid && call.answeredAt !== null && call.endedAt === null,
  );
  if (!active) {
    return { status: 424, body: { success: false, errors: [`no such active call - call_uuid: ${call_uuid}`] } };
  }
  world.state.cloudtalk.cueCards.push({ callUuid: call_uuid, body, at: world.now() });
  return ok({ success: true });
}
