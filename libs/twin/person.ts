import { echo, type Reports } from "./echo.ts";
import { lateWork } from "./late-work.ts";
import type { Answer, Vendor } from "./route.ts";
import { twinRoutes } from "./routes.ts";
import type { World } from "./world.ts";

/** What somebody does in a vendor's own screens, in the words of that vendor's API. */
export type Deed = {
  vendor: Vendor;
  /** E.g. `contacts.update`. */
  operation: string;
  /** Path parameters, e.g. `{ contactId }`; CloudTalk's ids go by `file`. */
  params?: Record<string, string>;
  body?: unknown;
  /** Which webhooks tell of it. */
  report?: Reports;
};

/** Does it past credentials, limits, counts and faults, and resolves once its webhooks were delivered. */
export async function act(
  world: World,
  { vendor, operation, params = {}, body, report = "workflow" }: Deed,
): Promise<Answer> {
  const told = lateWork();
  const theirs: World = { ...world, changed: (change) => echo(world, told, change, report) };
  const route = twinRoutes(theirs).find((one) => one.vendor === vendor && one.operation === operation);
  if (route === undefined) throw new Error(`The twin knows no operation ${operation} of ${vendor}`);
  const answer = await route.handle({ params, query: {}, headers: {}, body });
  await told.settle();
  return answer;
}
