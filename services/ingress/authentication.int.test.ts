import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, type Ingress, openIngress, secrets, signedByGhl, signedBySvix } from "./given.ts";

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

const vendors = [
  ["CloudTalk", "/api/cloudtalk-webhooks/call-ended", secrets.cloudtalk, secrets.ghl, "CLOUDTALK_WEBHOOK_SECRET"],
  ["GoHighLevel", "/api/ghl-webhooks/new-contact", secrets.ghl, secrets.cloudtalk, "GHL_WEBHOOK_SECRET"],
] as const;

describe.each(vendors)("a webhook of %s", (vendor, path, live, others, variable) => {
  const body = { call_id: 7, contact_id: "AdaContact0000000001" };

  test("is taken with either of the two live secrets, in any of the three places", async () => {
    const own = ingress.as(`secrets of ${vendor}`);
    for (const secret of live) {
      expect((await own.post(path, body, { authorization: `Bearer ${secret}` })).status).toBe(202);
      expect((await own.post(path, body, { "x-webhook-secret": secret })).status).toBe(202);
      expect((await own.post(`${path}?token=${secret}`, body, {})).status).toBe(202);
    }
    expect(await own.events()).toHaveLength(1);
  });

  test("is refused with a sentence that says what to do, and nothing of it is stored", async () => {
    const own = ingress.as(`refused by ${vendor}`);
    const missing = await own.post(path, body, {});
    expect([missing.status, missing.error]).toEqual([401, expect.stringContaining("?token=")]);
    for (const secret of ["nonsense", others[0], `${live[0]}x`]) {
      const wrong = await own.post(path, body, { authorization: `Bearer ${secret}` });
      expect([wrong.status, wrong.error]).toEqual([401, expect.stringContaining(variable)]);
    }
    expect((await own.post(`${path}?token=a&token=${live[0]}`, body, {})).status).toBe(401);
    expect(await own.inbox()).toEqual([]);
  });
});

describe("a native webhook of CloudTalk", () => {
  const path = "/api/cloudtalk-webhooks";
  const body = bytesOf({ type: "call.ended", event_id: "evt-1", data: { call_uuid: "u1", agent: "Zoë" } });

  test.each(secrets.svix)("verifies with one of the live secrets", async (secret) => {
    expect((await ingress.post(path, body, signedBySvix(body, { secret }))).status).toBe(202);
  });

  test("does not verify once a byte was changed, with another secret, or unsigned", async () => {
    const own = ingress.as("tampered native");
    const tampered = Buffer.from(body.toString().replace("u1", "u2"));
    const foreign = `whsec_${Buffer.from("somebody else's").toString("base64")}`;
    const attempts = [
      await own.post(path, tampered, signedBySvix(body)),
      await own.post(path, body, signedBySvix(body, { secret: foreign })),
      await own.post(path, body, { authorization: `Bearer ${secrets.cloudtalk[0]}` }),
    ];
    for (const { status, error } of attempts) {
      expect([status, error]).toEqual([401, expect.stringContaining("CLOUDTALK_SVIX_SECRET")]);
    }
    expect(await own.inbox()).toEqual([]);
  });

  test("that is genuine and no JSON is stored", async () => {
    const text = bytesOf("not json");
    expect(await ingress.post(path, text, signedBySvix(text))).toMatchObject({ status: 202, verdict: "parked" });
  });
});

describe("a Marketplace webhook of GoHighLevel", () => {
  const path = "/api/ghl-webhooks";
  const body = bytesOf({ type: "ContactCreate", id: "AdaContact0000000001", webhookId: "w1", firstName: "Zoë" });

  test("verifies over its very bytes", async () => {
    const own = ingress.as("app");
    expect(await own.post(path, body, signedByGhl(body))).toMatchObject({ status: 202, verdict: "accepted" });
    const reformatted = bytesOf(JSON.stringify(JSON.parse(body.toString()), undefined, 1));
    expect((await own.post(path, reformatted, signedByGhl(body))).status).toBe(401);
    const unsigned = await own.post(path, body, { "x-webhook-secret": secrets.ghl[0] });
    expect([unsigned.status, unsigned.error]).toEqual([401, expect.stringContaining("/api/ghl-webhooks/<event>")]);
  });
});

describe("what opens doors, and what is personal", () => {
  const [secret] = secrets.ghl;
  const body = {
    ...{ contact_id: "AdaContact0000000001", first_name: "Philippa", phone: "+393331234567" },
    ...{ email: "philippa@example.com", note: "She asked for Mr Featherstone" },
  };
  const personal = ["Philippa", "393331234567", "philippa@example.com", "Featherstone"];

  test("is not in the stored request, however it was sent and whoever copied it", async () => {
    const own = ingress.as("stored secrets");
    const path = "/api/ghl-webhooks/new-note";
    const copies = {
      "x-original-uri": `${path}?token=${secret}`,
      referer: `https://host/?token=${secret.replace("-", "%2d")}`,
    };
    const cookies = { cookie: "session=1", "proxy-authorization": "Basic YTpi", "x-forwarded-for": "203.0.113.10" };
    await own.post(path, body, { authorization: `Bearer ${secret}`, ...cookies });
    await own.post(path, body, { "x-webhook-secret": secret, "x-api-key": secrets.cloudtalk[1] });
    await own.post(`${path}?token=${secret}`, body, copies);
    const stored = (await own.inbox()).map((delivery) => delivery.headers);
    expect(stored).toHaveLength(3);
    for (const known of [...secrets.ghl, ...secrets.cloudtalk, "session=1", "Basic"]) {
      expect(JSON.stringify(stored)).not.toContain(known);
    }
    expect(stored[0]).toMatchObject({ "x-forwarded-for": "203.0.113.10" });
  });

  test("is in no log line, whatever the verdict", async () => {
    const own = ingress.as("log lines");
    const before = ingress.lines.length;
    const path = "/api/ghl-webhooks/new-note";
    const headers = { authorization: `Bearer ${secret}` };
    const broken = `{"contact_id": "AdaContact0000000001", "note": "She asked for "Mr Featherstone""}`;
    const answers = [
      await own.post(path, body, headers),
      await own.post(`${path}?token=${secret}`, body, {}),
      await own.post(path, { first_name: "Philippa" }, headers),
      await own.post(path, broken, headers),
      await own.post(path, { test: 1 }, headers),
      await own.post(`${path}?token=${secret}x`, body, { "x-webhook-secret": "wrong-secret" }),
      await own.post(`/nowhere?token=${secret}`, body, headers),
      await own.post(path, { ...body, location: { id: "LocationOfSomebody01" } }, headers),
      await own.post("/api/ghl-webhooks/new-contact", { ...body, date_created: "0000-01-01T00:00:00Z" }, headers),
    ];
    expect(answers.map(({ status, verdict }) => [status, verdict])).toEqual([
      ...[
        [202, "accepted"],
        [202, "duplicate"],
        [202, "parked"],
        [202, "parked"],
        [202, "ignored"],
      ],
      ...[
        [401, undefined],
        [404, undefined],
        [202, "ignored"],
        [202, "parked"],
      ],
    ]);
    const written = ingress.lines.slice(before).join("");
    expect(written).toContain("webhook refused");
    expect(written).toContain("accepted");
    for (const known of [...personal, ...secrets.ghl, "wrong-secret"]) expect(written).not.toContain(known);
  });
});
