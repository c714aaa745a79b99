import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

let twin: Twin;
let ask: ReturnType<typeof clientOf>;
const notes = "/contacts/GhlContact0000000001/notes";
const create = () => ask.ghl("POST", notes, { body: "hello" });
const stored = () => twin.control.state().ghl.notes.size;

beforeEach(async () => {
  twin = await startTwin();
  ask = clientOf(twin);
});
afterEach(() => twin.close());

describe("scripted faults", () => {
  it("answer a status in the vendor's words without applying, as often as told, after those let through", async () => {
    twin.control.fault({ match: { vendor: "ghl", operation: "notes.create" }, times: 2, skip: 1, fault: "status-429" });
    const answers = [await create(), await create(), await create(), await create()];
    expect(answers.map(({ status }) => status)).toEqual([201, 429, 429, 201]);
    expect(answers[1]?.body).toEqual({ statusCode: 429, message: "Too Many Requests" });
    expect(stored()).toBe(2);
  });

  it("lose the request or the answer", async () => {
    twin.control.fault({ match: { method: "POST", path: "^/contacts/[^/]+/notes$" }, fault: "drop-before" });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(stored()).toBe(0);
    twin.control.fault({ match: { operation: "notes.create" }, fault: "drop-after-apply" });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(stored()).toBe(1);
  });

  it("apply a request long after its connection broke", async () => {
    twin.control.fault({ match: { operation: "notes.create" }, fault: "apply-late", delayMs: 60_000 });
    await expect(create()).rejects.toThrow("fetch failed");
    expect(stored()).toBe(0);
    await twin.control.settle();
    expect(stored()).toBe(1);
  });

  it("leave a request hanging", async () => {
    twin.control.fault({ match: { operation: "notes.list" }, fault: "hang" });
    const headers = { authorization: `Bearer ${twin.credentials.ghlToken}`, version: "2021-07-28" };
    const pending = fetch(`${twin.urls.ghl}${notes}`, { headers, signal: AbortSignal.timeout(50) });
    await expect(pending).rejects.toThrow(/timeout/);
  });

  it("strike at random, the same for the same seed", async () => {
    const strikes = async () => {
      twin.control.configure({ errorRate: 0.5, errorSeed: 7 });
      const answers = [];
      for (let i = 0; i < 10; i++) answers.push((await ask.ghl("GET", notes)).status);
      return answers;
    };
    const first = await strikes();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    await twin.close();
    twin = await startTwin();
    ask = clientOf(twin);
    expect(await strikes()).toEqual(first);
  });
});

describe("the control", () => {
  it("works over HTTP: what to configure, play, script, count and reset", async () => {
    expect((await ask.twin("GET", "")).body).toMatchObject({ urls: twin.urls, credentials: twin.credentials });
    expect((await ask.twin("POST", "/settings", { searchLagMs: 0 })).body).toMatchObject({ searchLagMs: 0 });
    await ask.twin("POST", "/settings", { applyDelayMs: 7 });
    expect((await ask.twin("GET", "/settings")).body).toMatchObject({ searchLagMs: 0, applyDelayMs: 7 });
    expect((await ask.twin("POST", "/settings", { searchLag: 0 })).status).toBe(400);
    await ask.twin("POST", "/faults", { match: { operation: "notes.create" }, fault: "status-500" });
    expect((await create()).status).toBe(500);
    const played = await ask.twin("POST", "/calls", { outcome: "missed" });
    expect(played.body).toMatchObject({ callId: "1000000001", sent: [{ status: 0 }, { status: 0 }] });
    expect((await ask.twin("GET", "/requests")).body).toMatchObject({
      total: 1,
      vendors: { ghl: { operations: { "notes.create": 1 }, statuses: { "500": 1 } } },
    });
    await ask.twin("POST", "/reset");
    expect((await ask.twin("GET", "/requests")).body).toEqual({ total: 0, vendors: {} });
    expect((await ask.twin("GET", "/contacts/nobody")).status).toBe(404);
  });

  it("lets somebody work in the vendors' own screens, uncounted", async () => {
    const david = "GhlContact0000000001";
    const deed = {
      vendor: "ghl",
      operation: "contacts.update",
      params: { contactId: david },
      body: { firstName: "Dave" },
    };
    expect((await ask.twin("POST", "/act", deed)).body).toMatchObject({
      status: 200,
      body: { contact: { firstName: "Dave" } },
    });
    const edit = { operation: "contacts.edit", params: { file: "1400000001" }, body: { title: "CTO" } };
    await twin.control.act({ vendor: "cloudtalk", ...edit });
    expect((await ask.twin("GET", "/contacts/1400000001")).body).toMatchObject({
      contact: { details: { title: "CTO" } },
    });
    const unknown = await twin.control.act({ vendor: "ghl", operation: "contacts.rename" });
    expect(unknown).toMatchObject({ status: 404, body: { message: expect.stringContaining("contacts.update") } });
    expect(twin.control.requests().total).toBe(0);
  });

  it("adds people with fictional numbers to both systems", async () => {
    const people = twin.control.addPeople(1000);
    expect(new Set(people.map(({ phone }) => phone)).size).toBe(1000);
    expect(twin.control.state().cloudtalk.contacts.size).toBe(1004);
    expect(people[0]).toMatchObject({ phone: expect.stringMatching(/^\+1202556\d{4}$/) });
  });
});
