import { expect } from "vitest";

type Expected = {
  type: string;
  stream: unknown;
  /** All of it: what is not here must not be in the event either. */
  data: Record<string, unknown>;
  personal: Record<string, unknown>;
};
export type FixtureVerdict = { says: string; events: Expected[]; because?: string };

const uuid = (end: string) => `00000000-0000-4000-8000-${end}`;
const link = (id: string, hash: string) => `https://my.cloudtalk.io/pub/r/${id}%3D%3D/${hash}%3D%3D.wav`;
/** The links' hashes are zeros that end in the call's own number. */
const zeros = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM";
const grace = { externalPhone: "+393000000001" };
const line = { internalPhone: "+39060000001" };
const longLine = { internalPhone: "+390600000001" };
const ada = { agentName: "Ada Example" };

/** What each body of `fixtures/webhooks` becomes, read off its `note`: all events, and every field of them. */
export const webhookVerdicts: Record<string, FixtureVerdict> = {
  "call-ended--documented-pascal-case-with-recording": {
    says: "any casing is read, and a duration is not a talking time",
    events: [
      {
        type: "call.ended",
        stream: "call:n:123456",
        data: { callId: "123456" },
        personal: {
          ...{ externalPhone: "+390600000002", agentName: "Ada", contactName: "Grace Sample" },
          recordingUrl: "https://recordings.example.com/123456.wav",
        },
      },
    ],
  },
  "call-ended--missed-rich": {
    says: "a talking time of 0 is kept, and a call_id that is no number is no numeric id",
    events: [
      {
        type: "call.ended",
        stream: "call:u:fix-test-1700000000001",
        data: { callUuid: "fix-test-1700000000001", agentId: "400001", talkingSeconds: 0, waitingSeconds: 15 },
        personal: { ...grace, ...longLine, ...ada },
      },
    ],
  },
  "call-ended--real-contact-id-null": {
    says: "a number without a CloudTalk contact gives no contact id and no counter",
    events: [
      {
        type: "call.ended",
        stream: `call:u:${uuid("0000000ad003")}`,
        data: { callUuid: uuid("0000000ad003"), agentId: "400001" },
        personal: { externalPhone: "+393000000002", ...line },
      },
    ],
  },
  "call-ended--real-uuid-only-counter-null": {
    says: "answered or missed stays open, and no numeric id is made up",
    events: [
      {
        type: "call.ended",
        stream: `call:u:${uuid("0000000ad001")}`,
        data: { callUuid: uuid("0000000ad001"), agentId: "400001", cloudtalkContactId: "1400000001" },
        personal: { ...grace, ...line },
      },
    ],
  },
  "call-ended--rich-answered-talking-45": {
    says: "both ids and the seconds are read from numbers",
    events: [
      {
        type: "call.ended",
        stream: "call:u:webhook-test-456",
        data: {
          ...{ callId: "1000000008", callUuid: "webhook-test-456", agentId: "400001" },
          ...{ talkingSeconds: 45, waitingSeconds: 12 },
        },
        personal: { ...grace, ...longLine, ...ada },
      },
    ],
  },
  "call-ended--uuid-plus-call-id-last-numeric-phones": {
    says: "the order of the keys does not matter, and 2.5 minutes later it is the same attempt",
    events: [
      {
        type: "call.ended",
        stream: `call:u:${uuid("0000000ad006")}`,
        data: {
          ...{ callId: "1000000006", callUuid: uuid("0000000ad006") },
          ...{ agentId: "400001", cloudtalkContactId: "1400000001" },
        },
        personal: { ...grace, ...longLine },
      },
    ],
  },
  "call-recording-ready--real-after-call-ended": {
    says: "a recording knows the numeric id only, and its link is a secret",
    events: [
      {
        type: "call.recording_ready",
        stream: "call:n:1000000021",
        data: { callId: "1000000021" },
        personal: { ...grace, ...line, recordingUrl: link("MTAwMDAwMDAyMQ", `${zeros}GFkYTAxNQ`) },
      },
    ],
  },
  "call-started--no-call-identifier": {
    says: "a call without an id has a stream of its own, and a repeat is no second call",
    events: [
      {
        type: "call.started",
        stream: expect.stringMatching(/^call:x:[\da-f]{32}$/),
        data: { agentId: "400001" },
        personal: { ...grace, ...longLine, ...ada },
      },
    ],
  },
  "call-started--uuid-and-names-no-call-id": {
    says: "a start has its uuid",
    events: [
      {
        type: "call.started",
        stream: "call:u:webhook-test-456",
        data: { callUuid: "webhook-test-456", agentId: "400001" },
        personal: { ...grace, ...longLine, ...ada, contactName: "Grace Sample (Webhook Test)" },
      },
    ],
  },
  "contact-updated--documented-updated-fields-object": {
    says: "updated_fields may be an object",
    events: [
      {
        type: "contact.reported",
        stream: "contact:ct:123",
        data: { cloudtalkContactId: "123", origin: "cloudtalk", change: "updated" },
        personal: { name: "Grace Sample", phones: ["+390600000002"], changed: { company: "NewCorp" } },
      },
    ],
  },
  "new-contact--flat-workflow-with-user": {
    says: "the lead is at the root, and nothing of the CRM user is taken",
    events: [
      {
        type: "contact.reported",
        stream: "contact:ghl:AdaContact0000000001",
        data: { ghlContactId: "AdaContact0000000001", origin: "ghl", change: "created" },
        personal: { name: "Grace Sample", firstName: "Grace", lastName: "Sample", phones: ["+393000000001"] },
      },
    ],
  },
  "new-contact--nested-contact-documented": {
    says: "a nested contact with a list of tags",
    events: [
      {
        type: "contact.reported",
        stream: "contact:ghl:ghl_123456",
        data: { ghlContactId: "ghl_123456", origin: "ghl", change: "created", tags: ["lead", "priority"] },
        personal: {
          ...{ name: "Grace Sample", firstName: "Grace", lastName: "Sample" },
          ...{ phones: ["+390600000002"], emails: ["grace@example.com"] },
        },
      },
    ],
  },
  "new-note--ghl-nested-documented": {
    says: "a note needs no phone",
    events: [
      {
        type: "note.added",
        stream: "contact:ghl:ghl_123456",
        data: { ghlContactId: "ghl_123456", origin: "ghl", change: "added" },
        personal: { name: "Grace Sample", note: "Cliente interessato al prodotto premium", author: "agent_789" },
      },
    ],
  },
  "new-note--real-recording-payload-on-wrong-endpoint": {
    says: "a recording on new-note is a recording, and there is no note",
    because: "wrong endpoint",
    events: [
      {
        type: "call.recording_ready",
        stream: "call:n:1000000041",
        data: { callId: "1000000041" },
        personal: { ...grace, ...line, recordingUrl: link("MTAwMDAwMDA0MQ", `${zeros}GFkYTAyOQ`) },
      },
    ],
  },
  "new-tag--documented-contact-phone": {
    says: "a tag needs no call",
    events: [
      {
        type: "contact.tagged",
        stream: "contact:ct:123",
        data: { cloudtalkContactId: "123", origin: "cloudtalk", tag: "VIP" },
        personal: { name: "Grace Sample", phones: ["+390600000002"] },
      },
    ],
  },
  "new-tag--ghl-nested-documented": {
    says: "a tag may be an object, and its contact has no phone",
    events: [
      {
        type: "contact.tagged",
        stream: "contact:ghl:ghl_123456",
        data: { ghlContactId: "ghl_123456", origin: "ghl", tag: "VIP Cliente" },
        personal: { name: "Grace Sample" },
      },
    ],
  },
  "pipeline-stage-changed--ghl-nested-documented": {
    says: "a stage by name alone, under the contact because no opportunity is named",
    events: [
      {
        type: "opportunity.stage_changed",
        stream: "contact:ghl:ghl_123456",
        data: {
          ...{ ghlContactId: "ghl_123456", pipelineName: "Sales Pipeline" },
          ...{ stageName: "Qualified Lead", previousStageName: "Cold Lead" },
        },
        personal: { name: "Grace Sample" },
      },
    ],
  },
  "transcription-ready--real-object-object": {
    says: "a transcript and no recording, without the text [object Object], without a phone",
    events: [
      {
        type: "call.transcript_ready",
        stream: "call:n:1000000022",
        data: { callId: "1000000022", talkingSeconds: 22 },
        personal: { recordingUrl: link("MTAwMDAwMDAyMg", `${zeros}GFkYTAxNg`) },
      },
    ],
  },
};

const call = { callUuid: uuid("00000000ad01") };
const callStream = `call:u:${uuid("00000000ad01")}`;
const caller = { externalPhone: "+12025550143" };
const company = { internalPhone: "+12025550178" };
const times = { startedAt: "2026-09-27T15:59:00.000Z", endedAt: "2026-09-27T16:00:30.000Z" };
const unused = { events: [], because: "not used here" };

/** The bodies of `fixtures/cloudtalk/native.events.json`, in order. */
export const nativeVerdicts: FixtureVerdict[] = [
  {
    says: "a duration of 44 with a talking time of 0",
    events: [
      {
        type: "call.ended",
        stream: callStream,
        data: {
          ...{ ...call, ...times, callId: "101", direction: "inbound" },
          ...{ talkingSeconds: 0, waitingSeconds: 44, voicemail: false },
        },
        personal: { ...caller, ...company },
      },
    ],
  },
  {
    says: "a withheld number is nobody's",
    events: [
      {
        type: "call.ended",
        stream: `${callStream}-w`,
        data: {
          ...{ callUuid: `${call.callUuid}-w`, ...times, callId: "102", direction: "inbound" },
          ...{ talkingSeconds: 0, waitingSeconds: 44, voicemail: true, withheld: true },
        },
        personal: company,
      },
    ],
  },
  {
    says: "a recording by uuid",
    events: [{ type: "call.recording_ready", stream: callStream, data: call, personal: {} }],
  },
  {
    says: "a transcript by uuid",
    events: [{ type: "call.transcript_ready", stream: callStream, data: call, personal: {} }],
  },
  { says: "CloudTalk's own analysis", ...unused },
  { says: "a message received", ...unused },
  { says: "a message sent", ...unused },
];

/** The bodies of `fixtures/cloudtalk/wa.custom-callback.json`, in order, all of them on call-ended. */
export const callbackVerdicts: FixtureVerdict[] = [
  {
    says: "a start that says so",
    because: "call.started",
    events: [
      {
        type: "call.started",
        stream: callStream,
        data: { ...call, direction: "inbound" },
        personal: { ...caller, ...company },
      },
    ],
  },
  {
    says: "an end, without the wrap-up and the shared secret in its body",
    events: [
      {
        type: "call.ended",
        stream: callStream,
        data: {
          ...{ ...call, callId: "1000000001", direction: "inbound", agentId: "400001" },
          ...{ cloudtalkContactId: "1400000001", talkingSeconds: 22, waitingSeconds: 4 },
        },
        personal: { ...caller, ...company },
      },
    ],
  },
  {
    says: "an agent's status",
    because: "agent-status",
    events: [
      {
        type: "agent.status_changed",
        stream: "agent:400001",
        data: { agentId: "400001", status: "online" },
        personal: {},
      },
    ],
  },
];

/** `fixtures/cloudtalk/wa.custom-names-call-ended.json`. */
export const customNamesVerdict: FixtureVerdict = {
  says: "an operator's own names, and a duration that is not a talking time",
  events: [
    {
      type: "call.ended",
      stream: callStream,
      data: { ...call, direction: "outbound", cloudtalkContactId: "1400000001" },
      personal: { ...company, contactName: "Jane Doe" },
    },
  ],
};
