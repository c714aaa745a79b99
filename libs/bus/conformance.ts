import type { EventLog } from "@callbridge/event-log";
import { type Announcement, stream } from "@callbridge/events";
import { until } from "@callbridge/testing";
import { expect, test } from "vitest";
import type { Bus } from "./bus.ts";

export type World = { log: EventLog; openBus: () => Promise<Bus> };

/** What every bus must do, whatever carries the events. */
export function busConformance(world: () => World): void {
  let next = 0;
  const append = async (count: number): Promise<number[]> => {
    const events = Array.from({ length: count }, () => callEnded(`bus-${next++}`));
    const answer = await world().log.append({
      now: new Date(),
      events: events.map((event) => ({ account: "a", event, cause: { correlationId: "c" } })),
    });
    return answer.events.map((event) => event.position);
  };

  test("brings every event to every consumer, also those appended before it began and while it ran", async () => {
    const bus = await world().openBus();
    const before = await append(3);
    const seen: Record<string, number[]> = { one: [], two: [] };
    const consuming = ["one", "two"].map((name) =>
      bus.consume(`all-${name}`, async ({ position }) => void seen[name]?.push(position), { concurrency: 4 }),
    );
    const positions = [...before, ...(await append(50))];
    for (const name of ["one", "two"]) {
      await until(`${name} has seen all`, () => positions.every((position) => seen[name]?.includes(position)));
    }
    expect(seen.one?.length).toBe(new Set(seen.one).size);
    for (const one of consuming) await one.stop();
    await bus.close();
  });

  test("announces what the handler needs to decide whether to look", async () => {
    const bus = await world().openBus();
    const [position] = await append(1);
    let announced: Announcement | undefined;
    bus.consume(
      "announced",
      async (announcement) => {
        if (announcement.position === position) announced = announcement;
      },
      { concurrency: 1 },
    );
    await until("it is announced", () => announced);
    expect(announced).toMatchObject({ position, account: "a", type: "call.ended", version: 1 });
    expect(announced?.stream).toBe(stream.callByUuid(`bus-${next - 1}`));
    await bus.close();
  });

  test("a delivery that throws comes again, and holds up nobody else", async () => {
    const bus = await world().openBus();
    const [first, second] = await append(2);
    const seen: [number, number][] = [];
    bus.consume(
      "throwing",
      async ({ position }, deliveries) => {
        seen.push([position, deliveries]);
        if (position === first && deliveries === 1) throw new Error("the database is down");
      },
      { concurrency: 2 },
    );
    await until("the second try", () => seen.some(([position, deliveries]) => position === first && deliveries === 2));
    expect(seen).toContainEqual([second, 1]);
    await bus.close();
  });

  test("goes on where it stopped: what was done does not come again, what was open does", async () => {
    const bus = await world().openBus();
    const done = await append(5);
    const [open] = await append(1);
    const first: number[] = [];
    let release: () => void = () => undefined;
    const consuming = bus.consume(
      "resuming",
      async ({ position }) => {
        if (position === open) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          throw new Error("stopped before it was done");
        }
        first.push(position);
      },
      { concurrency: 8 },
    );
    await until("the first five are done", () => done.every((position) => first.includes(position)));
    const stopped = consuming.stop();
    release();
    await stopped;
    await bus.close();

    const later = await world().openBus();
    const second: number[] = [];
    later.consume("resuming", async ({ position }) => void second.push(position), { concurrency: 8 });
    await until("the open one comes again", () => second.includes(open ?? 0));
    expect(second.filter((position) => done.includes(position))).toEqual([]);
    await later.close();
  });

  test("works on no more at once than it was told to", async () => {
    const bus = await world().openBus();
    let running = 0;
    let most = 0;
    let count = 0;
    const positions = await append(20);
    bus.consume(
      "bounded",
      async ({ position }) => {
        running += 1;
        most = Math.max(most, running);
        await world().log.lastPosition();
        running -= 1;
        if (positions.includes(position)) count += 1;
      },
      { concurrency: 3 },
    );
    await until("all are done", () => count === 20);
    expect(most).toBeLessThanOrEqual(3);
    await bus.close();
  });

  test("keeps a low-water mark below which everything is done", async () => {
    const bus = await world().openBus();
    const positions = await append(10);
    const seen: number[] = [];
    const consuming = bus.consume("marked", async ({ position }) => void seen.push(position), { concurrency: 4 });
    await until("all are seen", () => positions.every((position) => seen.includes(position)));
    await consuming.stop();
    const mark = await until("the mark is saved", async () => (await world().log.readMark("marked")) || undefined);
    expect(mark).toBe(positions.at(-1));
    await bus.close();
  });
}

function callEnded(uuid: string) {
  return {
    type: "call.ended" as const,
    stream: stream.callByUuid(uuid),
    key: { fact: `${stream.callByUuid(uuid)}/ended` },
    time: new Date().toISOString(),
    source: "cloudtalk",
    data: {},
    personal: {},
  };
}
