import { unprocessable } from "./ghl-answer.ts";
import { noSuch } from "./ghl-contacts.ts";
import type { GhlUser } from "./ghl-state.ts";
import { type Answer, ok, type Route, type TwinRequest } from "./route.ts";
import { traceId, type World } from "./world.ts";

/** Users of the location, and the unauthenticated inbound-webhook trigger (facts/ghl.md §3.3, §3.5). */
export function ghlUserRoutes(world: World): Route[] {
  const vendor = "ghl";
  return [
    {
      vendor,
      operation: "users.search",
      method: "GET",
      path: "/users/search",
      handle: ({ query }) =>
        query.companyId === undefined ? unprocessable(["companyId must be a string"]) : search(world, query),
    },
    {
      vendor,
      operation: "users.list",
      method: "GET",
      path: "/users/",
      handle: ({ query }) =>
        query.locationId === undefined
          ? unprocessable(["locationId must be a string"])
          : ok({ users: [...world.state.ghl.users.values()].map((user) => userView(world, user)), traceId: traceId() }),
    },
    {
      vendor,
      operation: "users.get",
      method: "GET",
      path: "/users/:userId",
      handle: ({ params }) => {
        const user = world.state.ghl.users.get(params.userId ?? "");
        return user === undefined ? noSuch("User", params.userId ?? "") : ok(userView(world, user));
      },
    },
    {
      vendor,
      operation: "callLog.trigger",
      method: "POST",
      path: "/hooks/:locationId/webhook-trigger/:trigger",
      handle: (request) => trigger(world, request),
    },
  ];
}

const userName = (user: GhlUser): string => `${user.firstName} ${user.lastName}`;

const userView = (world: World, user: GhlUser): unknown => ({
  id: user.id,
  name: userName(user),
  firstName: user.firstName,
  lastName: user.lastName,
  email: user.email,
  phone: user.phone,
  extension: "",
  roles: { type: "account", role: "user", locationIds: [world.credentials.ghlLocationId] },
});

function search(world: World, query: Record<string, string>): Answer {
  const wanted = (query.query ?? "").toLowerCase();
  const hits = [...world.state.ghl.users.values()].filter((user) =>
    [userName(user), user.email, user.phone].some((text) => text.toLowerCase().includes(wanted)),
  );
  const skip = Number(query.skip ?? 0);
  const rows = hits.slice(skip, skip + Number(query.limit ?? 25));
  return ok({ users: rows.map((user) => userView(world, user)), count: hits.length, traceId: traceId() });
}

/** Says yes to anything and names no message: the caller cannot learn what became of it. */
function trigger(world: World, { params, body }: TwinRequest): Answer {
  world.state.ghl.callLogs.push({ trigger: params.trigger ?? "", body, at: world.now() });
  return ok({ status: "Success: request sent to trigger execution server" });
}
