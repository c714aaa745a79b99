import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOf, standingClock } from "./test-client.ts";
import { startTwin, type Twin } from "./twin.ts";

const clock = standingClock();
let twin: Twin;
let ask: ReturnType<typeof clientOf>;

beforeEach(async () => {
  twin = await startTwin({ now: clock.now });
  ask = clientOf(twin);
});
afterEach(() => twin.close());

const jane = { name: "Jane & Co", ContactNumber: [{ public_number: "+12025550144" }], ContactsTag: [{ name: "vip" }] };

/** Node's fetch always sends a User-Agent; this does not. */
function bareStatus(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${twin.urls.cloudtalk}/agents/index.json`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("CloudTalk's core API", () => {
  it("refuses a missing User-Agent with 403, a missing Accept with 406 and wrong keys with 401", async () => {
    expect(await bareStatus({})).toBe(403);
    expect(await bareStatus({ "user-agent": "x" })).toBe(406);
    expect(await bareStatus({ "user-agent": "x", accept: "*/*", authorization: "Basic eA==" })).toBe(401);
  });

  it("allows 60 operations a minute over all its hosts and names the second in which the window ends", async () => {
    for (let i = 0; i < 59; i++) await ask.core("GET", "/agents/index.json");
    expect((await ask.analytics("1")).headers.get("x-cloudtalkapi-remaining")).toBe("0");
    const refused = await ask.core("GET", "/agents/index.json");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("x-cloudtalkapi-resettime"))).toBe((clock.now().getTime() + 60_000) / 1000);
    clock.move(60_000);
    expect((await ask.core("GET", "/agents/index.json")).status).toBe(200);
    expect(twin.control.requests().vendors.cloudtalk).toMatchObject({ total: 61, busiestWindow: { requests: 60 } });
  });

  it("refuses phones without plus with 406 and writes nothing", async () => {
    const refused = await ask.core("PUT", "/contacts/add.json", {
      ...jane,
      ContactNumber: [{ public_number: 393000000009 }],
    });
    expect(refused.body).toMatchObject({ responseData: { status: 406, message: "Invalid input data." } });
    expect(twin.control.state().cloudtalk.contacts.size).toBe(4);
  });

  it("replaces a whole set that is edited and leaves the others, and escapes text on reading", async () => {
    const made = await ask.core("PUT", "/contacts/add.json", jane);
    expect(made).toMatchObject({ status: 201, body: { responseData: { data: { id: "1400000005" } } } });
    const path = "/contacts/edit/1400000005.json";
    await ask.core("POST", path, {
      ContactAttribute: [
        { attribute_id: 10133, value: "a" },
        { attribute_id: 10135, value: "1" },
      ],
    });
    await ask.core("POST", path, { ContactAttribute: [{ attribute_id: 10135, value: "2" }], ContactsTag: "" });
    const { body } = await ask.core("GET", "/contacts/show/1400000005.json");
    expect(body.responseData).toMatchObject({
      Contact: { name: "Jane &amp; Co" },
      ContactNumber: [{ public_number: "+12025550144" }],
      Tag: [],
      ExternalUrl: null,
      ContactAttribute: [{ attribute_id: "10135", title: "# di tentativi di chiamata", value: "2" }],
    });
  });

  it("finds contacts fuzzily, one number per row, and new ones only after the index lag", async () => {
    const hits = async (keyword: string) => {
      const { body } = await ask.core("GET", `/contacts/index.json?keyword=${keyword}`);
      return (body.responseData as { itemsCount: number }).itemsCount;
    };
    expect(await hits("%2B442025550143")).toBe(1);
    await ask.core("PUT", "/contacts/add.json", jane);
    expect(await hits("%2B12025550144")).toBe(0);
    clock.move(300);
    expect(await hits("%2B12025550144")).toBe(1);
  });

  it("adds and removes single tags, makes unknown ones, and lists contacts by tag", async () => {
    await ask.core("PUT", "/contacts/addTags/1400000001.json", { tags: ["Follow Up", "vip"] });
    const removed = await ask.core("DELETE", "/contacts/removeTags/1400000001.json", { tags: ["vip"] });
    expect(removed.body).toMatchObject({ responseData: { data: { contact_id: "1400000001" } } });
    const { body } = await ask.core("GET", "/tags/index.json");
    expect(body).toMatchObject({
      responseData: { data: [{ Tag: { id: "601", name: "Follow Up" } }, { Tag: { name: "vip" } }] },
    });
    expect((await ask.core("GET", "/contacts/index.json?tag_id=601")).body).toMatchObject({
      responseData: { itemsCount: 1 },
    });
    expect((await ask.core("GET", "/contacts/index.json?tag_id=602")).body).toMatchObject({
      responseData: { itemsCount: 0 },
    });
  });

  it("loses newlines and emoji of notes", async () => {
    await ask.core("PUT", "/notes/add/1400000001.json", { note: "📞 one\ntwo", user_id: 400001 });
    const { body } = await ask.core("GET", "/notes/index.json?contact_id=1400000001");
    expect(body).toMatchObject({ responseData: { data: [{ ContactNote: { note: "one two", user_id: "400001" } }] } });
  });

  it("answers a bulk with 200 although single commands failed, and refuses more than ten", async () => {
    const commands = [
      { action: "add_note", command_id: "a", data: { contact_id: 1400000001, note: "x" } },
      { action: "edit_contact", command_id: "b", data: { id: 1, name: "x" } },
    ];
    expect(await ask.core("POST", "/bulk/contacts.json", commands)).toMatchObject({
      status: 200,
      body: {
        responseData: {
          data: [
            { command_id: "a", status: 201 },
            { command_id: "b", status: 404 },
          ],
        },
      },
    });
    const eleven = Array.from({ length: 11 }, () => commands[0]);
    expect((await ask.core("POST", "/bulk/contacts.json", eleven)).status).toBe(406);
  });

  it("dials only for an agent that is online, and answers no call id", async () => {
    const dial = (agent_id: number) =>
      ask.core("POST", "/calls/create.json", { agent_id, callee_number: "+12025550143" });
    const agents = twin.control.state().cloudtalk.agents;
    Object.assign(agents.get("400002") ?? {}, { availability: "calling" });
    Object.assign(agents.get("400003") ?? {}, { availability: "offline" });
    expect((await dial(400001)).body).toEqual({ responseData: { status: 200 } });
    expect([(await dial(400002)).status, (await dial(400003)).status, (await dial(1)).status]).toEqual([409, 403, 404]);
    expect(twin.control.state().cloudtalk.dials).toHaveLength(1);
  });
});
