import { createEmbeddedBus } from "@callbridge/bus";
import { type DueEntry, type EventLog, openEventLog } from "@callbridge/event-log";
import { type LogEvent, type NewEvent, stream } from "@callbridge/events";
import { freshLog, until } from "@callbridge/testing";
import type { AnyHandler, Decision, Handler } from "./handler.ts";
import { createLogger } from "./logger.ts";
import { type Part, type Platform, type Service, startService } from "./service.ts";

/** One process of a service. Its log and its bus are its own, so it can die without a word. */
export type Process = {
  log: EventLog;
  alive: () => boolean;
  /** Drains, and takes its connections along. */
  stop: () => Promise<void>;
  /** As SIGKILL does it: nothing that is in hand is answered for. */
  die: () => Promise<void>;
};

export type Row = Omit<DueEntry, "consumer"> & { claim: string | null; runs: number };
const playLimitMs = 20_000;

export type Workbench = Awaited<ReturnType<typeof openWorkbench>>;

/** A log of its own, a clock that is wound by hand, and services as processes: what the runtime's tests work with. */
export async function openWorkbench() {
  const fresh = await freshLog();
  const { log, keyring } = fresh;
  const processes = new Set<Process>();
  let names = 0;
  let nowMs = new Date("2026-11-22T10:00:00.000Z").getTime();
  const clock = () => new Date(nowMs);
  const advance = (ms: number) => {
    nowMs += ms;
  };

  /** A name that no test used before; as a consumer it has seen everything up to now. */
  async function newName(): Promise<string> {
    names += 1;
    const name = `service-${names}`;
    await log.saveMark(name, await log.lastPosition(), clock());
    return name;
  }

  /** Starts a process, and waits until it has begun: what is appended then is delivered to it for the first time. */
  async function start(
    service: Service,
    { settleMs, ...options }: Partial<Platform> & Pick<Part, "settleMs"> = {},
  ): Promise<Process> {
    let begun = false;
    const beginning: AnyHandler = {
      name: "beginning",
      on: ["agent.status_changed"],
      fold: () => undefined,
      decide: () => {
        begun = true;
        return {};
      },
    };
    const own = openEventLog({ url: fresh.url, keyring, poolSize: 4 });
    const bus = createEmbeddedBus(own);
    const logger = createLogger("silent");
    const platform = { log: own, bus, keyring, clock, logger, duePollMs: 5, drainMs: 0, ...options };
    const all = { ...service, handlers: [...service.handlers, beginning] };
    const running = startService([{ account: "a", service: all, settleMs }], platform);
    let alive = true;
    const process: Process = {
      log: own,
      alive: () => alive,
      stop: async () => {
        alive = false;
        processes.delete(process);
        await running?.stop();
        await bus.close();
        await own.close().catch(() => undefined);
      },
      die: async () => {
        alive = false;
        await own.close();
        await process.stop();
      },
    };
    processes.add(process);
    await until("the process has begun", async () => {
      if (!begun) await append(agentSeen(service.name, await log.lastPosition()));
      return begun;
    });
    return process;
  }

  async function append(...events: NewEvent[]): Promise<number> {
    const cause = { correlationId: "delivery" };
    const appended = await log.append({
      now: clock(),
      events: events.map((event) => ({ account: "a", event, cause })),
    });
    return appended.events.at(-1)?.position ?? 0;
  }

  async function stopAll(): Promise<void> {
    await Promise.all([...processes].map((process) => process.stop()));
  }

  const rows = (consumer: string) =>
    fresh.query<Row>(
      "select key, position::int, at, attempt, because, claim, runs from callbridge.due where consumer = $1 and key not like 'beginning/%' order by at, key",
      [consumer],
    );

  return {
    fresh,
    log,
    keyring,
    clock,
    advance,
    newName,
    start,
    append,
    rows,
    /** The only row of a consumer, once it is there and in nobody's hands. */
    row: (consumer: string, is: (row: Row) => boolean = () => true) =>
      until("a row is waiting", async () => (await rows(consumer)).find((row) => row.claim === null && is(row))),
    /** Waits, and winds the clock to the next timer of the consumer whenever none of its rows is being worked on. */
    play: async <T>(
      what: string,
      consumer: string,
      check: () => T | undefined | false | Promise<T | undefined | false>,
    ): Promise<T> => {
      for (const end = Date.now() + playLimitMs; Date.now() < end; ) {
        const value = await check();
        if (value !== undefined && value !== false) return value;
        const waiting = await rows(consumer);
        const next = waiting.find(({ at }) => at)?.at?.getTime();
        if (next !== undefined && next > nowMs && waiting.every(({ claim }) => claim === null)) nowMs = next;
      }
      throw new Error(`played ${playLimitMs} ms in vain: ${what}`);
    },
    stopAll,
    close: async () => {
      await stopAll();
      await fresh.drop();
    },
  };
}

/** A call that ended, in a stream of its own. */
export const callEnded = (uuid: string): NewEvent => callReport("call.ended", uuid, "ended");

/** Something else about the call; a handler of `onEnded` is not interested. */
export const callModified = (uuid: string, key: string): NewEvent => callReport("call.modified", uuid, key);

export function callReport(type: "call.ended" | "call.modified", uuid: string, key: string): NewEvent {
  const name = stream.callByUuid(uuid);
  const about = { stream: name, key: { fact: `${name}/${key}` }, source: "cloudtalk", data: {}, personal: {} };
  return { type, time: "2026-11-22T10:00:00.000Z", ...about };
}

function agentSeen(agentId: string, turn: number): NewEvent {
  const name = stream.agent(agentId);
  const data = { agentId, status: "online" };
  const about = { stream: name, key: { fact: `${name}/${turn}` }, source: "cloudtalk", data, personal: {} };
  return { type: "agent.status_changed", time: "2026-11-22T10:00:00.000Z", ...about };
}

/** A fact that a handler of a test decides on; its stream is the event's. */
export function analysisFailed({ stream: name }: LogEvent, because = "tested", key = "done") {
  const about = { stream: name, key: { fact: `${name}/${key}` }, personal: {} };
  return { type: "call.analysis_failed" as const, data: { because }, ...about };
}

/** A handler that listens to the end of calls; its state is the list of events. */
export function onEnded(
  decide: (event: LogEvent, events: LogEvent[]) => Decision | Promise<Decision>,
  more: Partial<Handler<LogEvent[]>> = {},
): AnyHandler {
  return { name: "tested", on: ["call.ended"], fold: (events) => events, decide, ...more };
}
