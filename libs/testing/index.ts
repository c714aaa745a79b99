export { type FreshLog, freshLog } from "./fresh-log.ts";
export {
  type Decided,
  decisionOn,
  examples,
  firstRecordedAt,
  given,
  hash,
  historyAfter,
  type Told,
  when,
} from "./given.ts";
export { type MemoryLog, memoryLog, type StoredDelivery } from "./memory-log.ts";
export { freePort, natsIsAvailable, type Running, startNatsServer } from "./servers.ts";
export { until } from "./until.ts";
