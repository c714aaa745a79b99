import { createSecretKey, randomBytes } from "node:crypto";
import { type NewEvent, stream } from "@callbridge/events";
import { type FreshLog, freshLog } from "@callbridge/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createKeyring, type EventLog, openEventLog } from "./index.ts";
import { open, seal } from "./keyring.ts";

let fresh: FreshLog;
/** Another process on the same log. */
let other: EventLog;
beforeAll(async () => {
  fresh = await freshLog();
});
afterAll(() => fresh.drop());

const now = new Date("2026-11-22T10:00:00.000Z");
const phone = "+12025550143";

function reported(uuid: string, key: string, data: object = {}): NewEvent {
  const name = stream.callByUuid(uuid);
  const about = { stream: name, key: { fact: `${name}/${key}` }, time: now.toISOString(), source: "cloudtalk" };
  return { type: "call.modified", ...about, data, personal: { externalPhone: phone } };
}
const put = (log: EventLog, ...events: NewEvent[]) =>
  log.append({ now, events: events.map((event) => ({ account: "a", event, cause: { correlationId: "c" } })) });
const phones = async (log: EventLog, name: string) =>
  (await log.stream("a", name)).events.map(({ personal }) => "externalPhone" in personal && personal.externalPhone);
const keysOf = (name: string) =>
  fresh.query<{ wrapped: Buffer | null }>("select wrapped from callbridge.stream_keys where stream = $1", [name]);

describe("a keyring", () => {
  const keyring = createKeyring(randomBytes(32).toString("base64"));

  test("wants 32 bytes and says how to make them", () => {
    expect(() => createKeyring("short")).toThrow(/openssl rand -base64 32/);
    expect(() => createKeyring(randomBytes(32).toString("hex"))).toThrow(/32 bytes in base64/);
  });

  test("notices every changed byte, another key and another context", () => {
    const key = createSecretKey(randomBytes(32));
    const sealed = seal(key, Buffer.from("secret"), "event-1");
    expect(open(key, sealed, "event-1").toString()).toBe("secret");
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => open(key, changed, "event-1")).toThrow();
    }
    expect(() => open(key, sealed, "event-2")).toThrow();
    expect(() => open(createSecretKey(randomBytes(32)), sealed, "event-1")).toThrow();
    expect(() => open(key, sealed.subarray(0, 10), "event-1")).toThrow();
  });

  test("wraps each key for its own id, under its own data key", () => {
    const { id, key, wrapped } = keyring.create("key-1");
    expect(keyring.unwrap(id, wrapped).equals(key)).toBe(true);
    expect(() => keyring.unwrap("key-2", wrapped)).toThrow();
    expect(() => createKeyring(randomBytes(32).toString("base64")).unwrap(id, wrapped)).toThrow();
  });

  test("hashes the same text differently for every account, and derives a key per purpose", () => {
    expect(keyring.hash("a", phone)).toBe(keyring.hash("a", phone));
    expect(keyring.hash("a", phone)).not.toBe(keyring.hash("b", phone));
    expect(keyring.hash("a", phone)).toMatch(/^[0-9a-f]{32}$/);
    expect(keyring.derive("storage")).not.toEqual(keyring.derive("wrap"));
  });
});

describe("personal data", () => {
  beforeAll(() => {
    other = openEventLog({ url: fresh.url, keyring: fresh.keyring });
  });
  afterAll(() => other.close());
  afterEach(() => fresh.query("delete from callbridge.due"));

  test("of one stream written by two processes has two keys, and both read everything", async () => {
    const name = stream.callByUuid("two");
    await Promise.all([put(fresh.log, reported("two", "here")), put(other, reported("two", "there"))]);
    expect(await keysOf(name)).toHaveLength(2);
    for (const log of [fresh.log, other]) expect(await phones(log, name)).toEqual([phone, phone]);
  });

  test("erased is gone at once for the process that wrote it", async () => {
    const name = stream.callByUuid("own");
    await put(fresh.log, reported("own", "one"));
    await fresh.log.erase("a", name);
    expect((await fresh.log.stream("a", name)).events).toMatchObject([{ erased: true, personal: {} }]);
  });

  test("erased is gone at once for a process that has just read and written it", async () => {
    const name = stream.callByUuid("elsewhere");
    await put(other, reported("elsewhere", "one"));
    expect(await phones(other, name)).toEqual([phone]);
    await fresh.log.erase("a", name);
    const { events } = await other.stream("a", name);
    expect(events).toMatchObject([{ erased: true, personal: {} }]);
    expect(await other.at(events[0]?.position ?? 0)).toMatchObject({ erased: true });
  });

  test("reported after an erasure is kept under a new key, also by a process that had the old one", async () => {
    const name = stream.callByUuid("after");
    await put(other, reported("after", "one"));
    await fresh.log.erase("a", name);
    await put(other, reported("after", "two"));
    expect((await fresh.log.stream("a", name)).events.map(({ erased }) => erased)).toEqual([true, false]);
    expect((await keysOf(name)).map(({ wrapped }) => wrapped === null).sort()).toEqual([false, true]);
  });

  test("of a subject is erased in all of its streams, and in no other account or subject", async () => {
    const ids = { callId: "4711", callUuid: "joined" };
    await put(fresh.log, reported("joined", "one", ids), {
      ...reported("joined", "two"),
      stream: stream.callById("4711"),
    });
    await put(other, reported("bystander", "one"));
    await fresh.log.append({
      now,
      events: [{ account: "b", event: reported("joined", "one"), cause: { correlationId: "c" } }],
    });
    await fresh.log.erase("a", stream.callById("4711"));
    const { events } = await fresh.log.stream("a", stream.callByUuid("joined"));
    expect(events.map(({ erased }) => erased)).toEqual([true, true]);
    expect(await phones(fresh.log, stream.callByUuid("bystander"))).toEqual([phone]);
    expect((await fresh.log.stream("b", stream.callByUuid("joined"))).events).toMatchObject([{ erased: false }]);
  });

  test("that was tampered with in the database is not read", async () => {
    const name = stream.callByUuid("tampered");
    await put(fresh.log, reported("tampered", "one"), reported("tampered", "two"));
    await fresh.query(
      "update callbridge.events set personal = set_byte(personal, 30, get_byte(personal, 30) # 1) where stream = $1",
      [name],
    );
    await expect(fresh.log.stream("a", name)).rejects.toThrow();
  });

  test("of one event cannot be put into another", async () => {
    const name = stream.callByUuid("swapped");
    await put(fresh.log, reported("swapped", "one"), reported("swapped", "two"));
    await fresh.query(
      `update callbridge.events e set personal = o.personal from callbridge.events o
       where e.stream = $1 and o.stream = $1 and e.id <> o.id`,
      [name],
    );
    await expect(fresh.log.stream("a", name)).rejects.toThrow();
  });

  test("is nowhere in the tables in the clear", async () => {
    await put(fresh.log, reported("clear", "one"));
    const tables = await fresh.query<{ dump: string }>(
      "select string_agg(e::text, '') || (select string_agg(k::text, '') from callbridge.stream_keys k) as dump from callbridge.events e",
    );
    expect(tables[0]?.dump).not.toContain("2025550143");
    expect(tables[0]?.dump).not.toContain(Buffer.from("2025550143").toString("hex"));
  });
});

test("three ids that meet in two events make one subject, from whichever of them it is read", async () => {
  const id = (uuid: string, callId: string) => reported(uuid, `links-${callId}`, { callUuid: uuid, callId });
  const position = await fresh.log.lastPosition();
  await put(fresh.log, { ...reported("u-1", "alone") });
  await put(fresh.log, { ...reported("u-2", "alone") });
  await put(fresh.log, id("u-1", "99"));
  await put(fresh.log, id("u-2", "99"));
  const names = [stream.callByUuid("u-1"), stream.callByUuid("u-2"), stream.callById("99")];
  const subjects = await Promise.all(names.map((name) => fresh.log.stream("a", name)));
  const expected = [1, 2, 3, 4].map((step) => position + step);
  for (const subject of subjects) expect(subject.events.map((event) => event.position)).toEqual(expected);
  expect((await fresh.log.stream("b", names[0] ?? "")).events).toEqual([]);
});
