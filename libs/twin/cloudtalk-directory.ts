import { page } from "./cloudtalk-answer.ts";
import type { Route } from "./route.ts";
import type { World } from "./world.ts";

/** Agents, tags, numbers and groups: what Callbridge only reads (facts/cloudtalk.md §1.8). */
export function cloudtalkDirectoryRoutes(world: World): Route[] {
  const vendor = "cloudtalk";
  return [
    {
      vendor,
      operation: "agents.index",
      method: "GET",
      path: "/agents/index.json",
      handle: ({ query }) =>
        page(
          [...world.state.cloudtalk.agents.values()].filter(
            (agent) =>
              (query.id === undefined || agent.id === query.id) &&
              (query.associated_number === undefined ||
                agent.defaultNumber.replace("+", "") === query.associated_number.replace(/\D/g, "")),
          ),
          query,
          (agent) => ({
            Agent: {
              id: agent.id,
              name: agent.extension,
              firstname: agent.firstname,
              lastname: agent.lastname,
              email: agent.email,
              is_daily_limit_ok: true,
              status_outbound: true,
              availability_status: agent.availability,
              extension: agent.extension,
              call_number_id: 12345,
              default_number: agent.defaultNumber,
              associated_numbers: [agent.defaultNumber],
            },
          }),
        ),
    },
    {
      vendor,
      operation: "tags.index",
      method: "GET",
      path: "/tags/index.json",
      handle: ({ query }) =>
        page(
          [...world.state.cloudtalk.tags].filter(([, id]) => query.id === undefined || id === query.id),
          query,
          ([name, id]) => ({ Tag: { id, name } }),
        ),
    },
    {
      vendor,
      operation: "numbers.index",
      method: "GET",
      path: "/numbers/index.json",
      handle: ({ query }) =>
        page(
          [...new Set([...world.state.cloudtalk.agents.values()].map((agent) => agent.defaultNumber))],
          query,
          (number) => ({
            CallNumber: {
              id: "12345",
              country_code: "1",
              area_code: "202",
              internal_name: "Main line",
              caller_id_e164: Number(number.slice(1)),
              is_redirected: false,
              connected_to: "0",
              source_id: "4",
            },
          }),
        ),
    },
    {
      vendor,
      operation: "groups.index",
      method: "GET",
      path: "/groups/index.json",
      handle: ({ query }) => page(["sales"], query, (internal_name) => ({ Group: { id: "568", internal_name } })),
    },
  ];
}
