export { type FreshLog, freshLog } from "./fresh-log.ts";
export { freePort, natsIsAvailable, type Running, startNatsServer } from "./servers.ts";
export { until } from "./until.ts";
