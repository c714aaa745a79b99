import { asRecord } from "./route.ts";
import { sampleCall } from "./sample-call.ts";
import type { Twin } from "./twin.ts";

/** One request of the tour and what it led to. */
export type Stop = { operation: string; method: string; path: string; status: number; body: unknown };

type Ask = { headers?: Record<string, string>; body?: unknown; form?: FormData | URLSearchParams };

/** Calls every operation of the twin at least once, most of them also wrongly, and brings back all answers. */
export async function tour(twin: Twin): Promise<Stop[]> {
  const stops: Stop[] = [];
  const { credentials, urls, control } = twin;
  const basic = Buffer.from(`${credentials.cloudtalkKeyId}:${credentials.cloudtalkSecret}`).toString("base64");
  const vendorHeaders = {
    cloudtalk: { authorization: `Basic ${basic}` },
    ghl: { authorization: `Bearer ${credentials.ghlToken}`, version: "2021-07-28" },
    openai: { authorization: `Bearer ${credentials.openaiKey}` },
  };

  async function ask(base: string, kind: keyof typeof vendorHeaders, method: string, path: string, one: Ask = {}) {
    const json = one.body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(base + path, {
      method,
      headers: { ...vendorHeaders[kind], ...json, ...one.headers },
      ...(one.body === undefined ? {} : { body: JSON.stringify(one.body) }),
      ...(one.form === undefined ? {} : { body: one.form }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
    const operation = control.requestLog().at(-1)?.operation ?? "";
    const body: unknown = isJson && text !== "" ? JSON.parse(text) : text;
    stops.push({ operation, method, path: path.split("?")[0] ?? "", status: answer.status, body });
    return body;
  }
  const nobody = { headers: { authorization: "Basic eA==" } };
  const core = (method: string, path: string, body?: unknown) =>
    ask(urls.cloudtalk, "cloudtalk", method, path, { body });
  const ghl = (method: string, path: string, body?: unknown) => ask(urls.ghl, "ghl", method, path, { body });

  const played = await control.playCall({ tags: ["Lead"], notes: ["Call back"] });
  const missed = await control.playCall({ outcome: "missed", from: null, agentId: null });
  const voicemail = await control.playCall({ outcome: "voicemail", from: "+12025550199" });
  const expired = await control.playCall({ recordingExpired: true });
  await core("GET", "/calls/index.json?limit=2&page=2");
  await core("GET", `/calls/index.json?call_id=${missed.callId}`);
  for (const { callId } of [played, missed, expired]) await core("GET", `/calls/recording/${callId}.json`);
  await core("POST", "/calls/create.json", { agent_id: 400001, callee_number: "+12025550143" });
  await core("POST", "/calls/create.json", { agent_id: 1, callee_number: "+12025550143" });
  await core("POST", "/calls/create.json", { agent_id: 400001, callee_number: "0143" });
  const link = control.state().cloudtalk.calls.get(played.callId)?.recording;
  if (link) await ask(twin.url, "cloudtalk", "GET", "/cloudtalk/pub/r/MQ%3D%3D/MQ%3D%3D.wav");
  for (const path of [played.callId, missed.callId, voicemail.callId, "9", "not-a-number"]) {
    await ask(urls.analytics, "cloudtalk", "GET", `/calls/${path}`);
  }
  for (const part of [
    "transcription",
    "summary",
    "overall-sentiment",
    "talk-listen-ratio",
    "topics",
    "smart-notes",
    "details-link",
  ]) {
    await ask(urls.intelligence, "cloudtalk", "GET", `/ai/calls/${played.callId}/${part}`);
    await ask(urls.intelligence, "cloudtalk", "GET", `/ai/calls/${missed.callId}/${part}`);
  }
  const card = {
    call_uuid: played.uuid,
    type: "blocks",
    title: "David",
    content: [{ type: "textfield", name: "a", value: "b" }],
  };
  await ask(urls.platform, "cloudtalk", "POST", "/cuecards", { body: card });
  const live = await control.startCall();
  await ask(urls.platform, "cloudtalk", "POST", "/cuecards", { body: { ...card, call_uuid: live.uuid } });
  await ask(urls.platform, "cloudtalk", "POST", "/cuecards", { body: {} });
  await core("GET", "/calls/index.json");

  await core("GET", "/contacts/index.json?keyword=12025550143");
  await core("GET", "/contacts/attributes.json");
  await core("PUT", "/contacts/add.json", {
    name: "Jane & Co",
    ContactNumber: [{ public_number: "+12025550144" }],
    ContactAttribute: [{ attribute_id: 10133, value: "x" }],
  });
  await core("PUT", "/contacts/add.json", { ContactNumber: [{ public_number: 12025550144 }] });
  await core("GET", "/contacts/show/1400000005.json");
  await core("GET", "/contacts/show/1.json");
  await core("POST", "/contacts/edit/1400000005.json", { title: "CTO", ContactEmail: [{ email: "jane@co.example" }] });
  await core("POST", "/contacts/edit/1400000005.json", { ContactEmail: [{ email: "jane" }] });
  await core("PUT", "/contacts/addTags/1400000005.json", { tags: ["vip"] });
  await core("DELETE", "/contacts/removeTags/1400000005.json", { tags: ["vip"] });
  await core("PUT", "/contacts/addTags/1400000005.json", {});
  await core("PUT", "/notes/add/1400000005.json", { note: "hello" });
  await core("PUT", "/notes/add/1400000005.json", {});
  await core("POST", "/notes/edit/70001.json", { contact_id: 1400000005, note: "hello again" });
  await core("GET", "/notes/index.json?contact_id=1400000005");
  await core("DELETE", "/notes/delete/70001.json");
  await core("PUT", "/activity/add/1400000005.json", { type: "task", name: "Call back" });
  await core("GET", "/activity/index.json");
  await core("POST", "/bulk/contacts.json", [
    { action: "add_contact", command_id: "1", data: { name: "Bulk" } },
    { action: "edit_contact", command_id: "2", data: { id: 1 } },
  ]);
  await core("DELETE", "/contacts/delete/1400000005.json");
  for (const path of ["/agents/index.json", "/tags/index.json", "/numbers/index.json", "/groups/index.json"])
    await core("GET", path);
  await ask(urls.cloudtalk, "cloudtalk", "GET", "/agents/index.json", nobody);
  await ask(urls.analytics, "cloudtalk", "GET", "/calls/1", nobody);
  await ask(urls.platform, "cloudtalk", "POST", "/cuecards", nobody);

  const loc = credentials.ghlLocationId;
  const contactId = control.seeded().people[0]?.ghlContactId ?? "";
  const contact = `/contacts/${contactId}`;
  await ghl("POST", "/contacts/upsert", { locationId: loc, phone: "+12025550143", tags: ["Lead"] });
  await ghl("POST", "/contacts/", { locationId: loc, name: "Ann Other", phone: "+12025550145", companyName: "Other" });
  await ghl("POST", "/contacts/", { locationId: loc, phone: "+12025550143" });
  await ghl("POST", "/contacts/", { locationId: "elsewhere" });
  await ghl("GET", `/contacts/search/duplicate?locationId=${loc}&number=%2B12025550143`);
  await ghl("POST", "/contacts/search", { locationId: loc, pageLimit: 2 });
  await ghl("POST", `/locations/${loc}/customFields`, { name: "Call Sentiment", dataType: "TEXT" });
  await ghl("GET", `/locations/${loc}/customFields?model=all`);
  await ghl("PUT", contact, {
    customFields: [{ id: "GhlField000000000001", field_value: "positive" }],
    source: "cloudtalk",
  });
  await ghl("PUT", contact, { gender: "x" });
  await ghl("GET", contact);
  await ghl("GET", "/contacts/lookup");
  await ghl("POST", `${contact}/tags`, { tags: ["Call-Answered"] });
  await ghl("DELETE", `${contact}/tags`, { tags: ["call-answered"] });
  await ghl("GET", `/locations/${loc}/tags`);
  await ghl("POST", `/locations/${loc}/tags`, { name: "New" });
  await ghl("GET", `/locations/${loc}`);
  await ghl("POST", `${contact}/notes`, { body: "one\ntwo", title: "Call" });
  await ghl("GET", `${contact}/notes`);
  await ghl("GET", `${contact}/notes/GhlNote0000000000001`);
  await ghl("PUT", `${contact}/notes/GhlNote0000000000001`, { body: "three" });
  await ghl("DELETE", `${contact}/notes/GhlNote0000000000001`);
  await ghl("POST", `${contact}/tasks`, { title: "Call back", dueDate: "2026-11-23T09:00:00Z", completed: false });
  await ghl("POST", `${contact}/tasks`, { title: "Call back" });
  await ghl("GET", `${contact}/tasks`);
  await ghl("PUT", `${contact}/tasks/GhlTask0000000000001`, { title: "Call again" });
  await ghl("PUT", `${contact}/tasks/GhlTask0000000000001/completed`, { completed: true });
  await ghl("GET", `/workflows/?locationId=${loc}`);
  await ghl("POST", `${contact}/workflow/W1`, {});
  await ghl("DELETE", `${contact}/workflow/W1`);
  await ghl("GET", `/conversations/search?locationId=${loc}`);
  await ghl("POST", "/conversations/", { locationId: loc, contactId });
  await ghl("POST", "/conversations/", { locationId: loc, contactId });
  const provider = { type: "Call", conversationProviderId: credentials.conversationProviderId };
  const call = { from: "+12025550143", to: "+12025550100", status: "completed" };
  await ghl("POST", "/conversations/messages/inbound", { ...provider, contactId, call, altId: "a" });
  await ghl("POST", "/conversations/messages/outbound", {
    ...provider,
    contactId,
    call: { ...call, to: "+12025550143" },
  });
  await ghl("POST", "/conversations/messages/inbound", { type: "Call", contactId, call });
  await ghl("POST", "/conversations/messages/outbound", {
    ...provider,
    conversationProviderId: "wrong",
    contactId,
    call,
  });
  await ghl("GET", `/conversations/search?locationId=${loc}&contactId=${contactId}`);
  await ghl("GET", "/conversations/GhlConvers0000000001");
  await ghl("GET", "/conversations/GhlConvers0000000001/messages");
  await ghl("GET", "/conversations/messages/GhlMessage0000000001");
  await ghl("PUT", "/conversations/messages/GhlMessage0000000001/attachments", {
    attachments: ["https://a.example/b.mp3"],
  });
  await ghl("GET", "/opportunities/pipelines");
  await ghl("GET", `/opportunities/search?location_id=${loc}`);
  await ghl("GET", "/opportunities/GhlOpport00000000001");
  await ghl("PUT", "/opportunities/GhlOpport00000000001", { pipelineStageId: "GhlStage000000000002" });
  const deal = { pipelineId: "GhlPipeline000000001", locationId: loc, name: "x", status: "open", contactId };
  await ghl("POST", "/opportunities/", deal);
  await ghl("PUT", "/opportunities/GhlOpport00000000001/status", { status: "won" });
  await ghl("POST", "/opportunities/", deal);
  await ghl("GET", `/users/search?companyId=x&locationId=${loc}`);
  await ghl("GET", `/users/?locationId=${loc}`);
  await ghl("GET", "/users/GhlUser0000000000001");
  await consented(twin, (path, form, headers) => ask(urls.ghl, "ghl", "POST", path, { form, headers: headers ?? {} }));
  await ask(urls.callLog, "ghl", "POST", "", { body: { from: "+12025550143" } });
  await ask(urls.ghl, "ghl", "GET", contact, { headers: { version: "1" } });
  await ghl("DELETE", contact);

  for (const format of ["json", "verbose_json"])
    await ask(urls.openai, "openai", "POST", "/audio/transcriptions", { form: upload("whisper-1", format) });
  await ask(urls.openai, "openai", "POST", "/audio/transcriptions", { form: upload("gpt-transcribe", "json") });
  await ask(urls.openai, "openai", "POST", "/audio/transcriptions", {
    form: upload("gpt-4o-transcribe-diarize", "diarized_json"),
  });
  await ask(urls.openai, "openai", "POST", "/audio/transcriptions", { form: upload("gpt-transcribe", "verbose_json") });
  const chat = { model: "gpt-6-luna", messages: [{ role: "user", content: "Hello" }] };
  await ask(urls.openai, "openai", "POST", "/chat/completions", { body: chat });
  await ask(urls.openai, "openai", "POST", "/chat/completions", { body: { ...chat, model: "none" } });
  await ask(urls.openai, "openai", "GET", "/models");
  await ask(urls.openai, "openai", "GET", "/models", { headers: { authorization: "Bearer x" } });
  return stops;
}

function upload(model: string, format: string): FormData {
  const form = new FormData();
  form.set("file", new File([new Uint8Array(sampleCall().mp3)], "call.mp3", { type: "audio/mpeg" }));
  form.set("model", model);
  form.set("response_format", format);
  return form;
}

type Post = (path: string, form: URLSearchParams, headers?: Record<string, string>) => Promise<unknown>;

/** Both kinds of tokens, each of them also asked for with what is no good any more. */
async function consented({ control, credentials }: Twin, post: Post): Promise<void> {
  const app = { client_id: credentials.ghlClientId, client_secret: credentials.ghlClientSecret };
  const ask = (fields: Record<string, string>) => post("/oauth/token", new URLSearchParams({ ...app, ...fields }));
  for (const kind of ["Location", "Company"] as const) {
    const byCode = { grant_type: "authorization_code", code: control.consent(kind) };
    const { access_token, refresh_token } = asRecord(await ask(byCode));
    await ask(byCode);
    const byRefresh = { grant_type: "refresh_token", refresh_token: String(refresh_token), user_type: kind };
    await ask(byRefresh);
    await ask(byRefresh);
    const location = { companyId: credentials.ghlCompanyId, locationId: credentials.ghlLocationId };
    const headers = { authorization: `Bearer ${access_token}` };
    await post("/oauth/locationToken", new URLSearchParams(location), headers);
    await post("/oauth/locationToken", new URLSearchParams({ ...location, locationId: "elsewhere" }), headers);
  }
  await ask({ client_secret: "wrong", grant_type: "refresh_token" });
  await ask({ grant_type: "password" });
}
