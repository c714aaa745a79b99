import type { EventLog } from "@callbridge/event-log";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/*
 * What this process has done since it started, for Prometheus. One registry per process, as Prometheus sees it: services
 * that share a process are told apart by a label. Every label has a short, fixed list of values: no ids, accounts or texts.
 */

const registry = new Registry();
const registers = [registry];

const webhooks = new Counter({
  name: "callbridge_webhooks_total",
  help: "Webhooks answered, by endpoint and verdict.",
  labelNames: ["endpoint", "verdict"],
  registers,
});
const acceptance = new Histogram({
  name: "callbridge_acceptance_seconds",
  help: "From a webhook's body to its answer.",
  // Around the promise of 50 ms at 500 webhooks a second, up to the limits of waiting for the database.
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30],
  registers,
});
const spooled = new Gauge({
  name: "callbridge_spooled_deliveries",
  help: "Webhooks that wait on disk for the database.",
  registers,
});
const handled = new Counter({
  name: "callbridge_events_handled_total",
  help: "Reactions to events, by consumer and outcome.",
  labelNames: ["consumer", "outcome"],
  registers,
});
const effects = new Counter({
  name: "callbridge_effects_total",
  help: "Steps of writes to vendors, by kind and outcome.",
  labelNames: ["kind", "outcome"],
  registers,
});
const due = new Gauge({
  name: "callbridge_due",
  help: "Timers and retries that wait, by consumer.",
  labelNames: ["consumer"],
  registers,
});
const dead = new Gauge({
  name: "callbridge_dead_letters",
  help: "Dead letters, by consumer.",
  labelNames: ["consumer"],
  registers,
});

/** A webhook was answered. `startedMs`: what `performance.now()` said when it had been read. */
export function countWebhook(endpoint: string, verdict: string, startedMs?: number): void {
  webhooks.inc({ endpoint, verdict });
  if (startedMs !== undefined) acceptance.observe((performance.now() - startedMs) / 1_000);
}

/** A reaction to an event ended: `later` is a wish of its own, `retried` a failure, `dead` the last one. */
export function countHandled(consumer: string, outcome: "done" | "later" | "retried" | "dead"): void {
  handled.inc({ consumer, outcome });
}

/** A step of an effect was recorded; `outcome` is the event's type without `effect.`. */
export function countEffect(kind: string, outcome: string): void {
  effects.inc({ kind, outcome });
}

/** The page of `GET /metrics`. The counts of waiting and dead rows are the installation's, the same from every process. */
export async function metricsPage(log: EventLog, spool?: { waiting: () => number }) {
  if (!registry.getSingleMetric("process_cpu_seconds_total")) collectDefaultMetrics({ register: registry });
  if (spool) spooled.set(spool.waiting());
  due.reset();
  dead.reset();
  // Without the database the page says what the process itself knows.
  for (const row of await log.countDue().catch(() => [])) {
    due.set({ consumer: row.consumer }, row.waiting);
    dead.set({ consumer: row.consumer }, row.dead);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
