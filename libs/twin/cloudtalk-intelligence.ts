import type { CloudTalkCall } from "./cloudtalk-state.ts";
import { type Answer, ok, type Route } from "./route.ts";
import { sampleCall, type Turn } from "./sample-call.ts";
import { after, iso, type World } from "./world.ts";

const callers = [
  { type: "agent", id: null, localIdentifier: "A" },
  { type: "contact", id: null, localIdentifier: "B" },
];
const callerOf = (turn: Turn): string => (turn.speaker === "agent" ? "A" : "B");

/** Conversation Intelligence, the paid add-on (facts/cloudtalk.md §1.11). Every answered call is the sample call. */
export function intelligenceRoutes(world: World): Route[] {
  const about = (name: string, show: (call: CloudTalkCall, query: Record<string, string>) => unknown): Route => ({
    vendor: "intelligence",
    operation: `intelligence.${name}`,
    method: "GET",
    path: `/ai/calls/:id/${name}`,
    handle: ({ params, query }) => withCall(world, params.id ?? "", (call) => ok(show(call, query))),
  });
  return [
    about("transcription", (call, query) => transcription(call, query)),
    about("summary", (call) => ({ callId: Number(call.id), summary: summaryText })),
    about("overall-sentiment", (call) => ({ callId: Number(call.id), overallSentiment: "positive" })),
    about("talk-listen-ratio", (call) => ({ callId: Number(call.id), talkListenRatio: talkListen(), callers })),
    about("topics", (call) => ({
      data: { callId: Number(call.id), topics: [{ topic: "slow internet", weight: 0.8, spans: [] }], callers },
      pagination: { limit: 10, offset: 0, total: 1 },
    })),
    about("smart-notes", (call) => ({ callId: Number(call.id), smartNotes: smartNotes(call) })),
    about("details-link", (call) => ({ link: `${world.url()}/cloudtalk/ai/calls/${call.id}` })),
  ];
}

const summaryText =
  "The customer reported three days of slow internet. A free technician visit was booked for tomorrow morning.";

/** 404 both for "not yet" and for "not available": the two cannot be told apart. */
function withCall(world: World, id: string, then: (call: CloudTalkCall) => Answer): Answer {
  if (!/^\d+$/.test(id)) return { status: 400, body: { code: "BAD_REQUEST", message: "callId must be a number." } };
  const call = world.state.cloudtalk.calls.get(id);
  const readyAt = call?.endedAt ? after(call.endedAt, world.settings.intelligenceReadyMs) : null;
  const ready = readyAt !== null && readyAt <= world.now() && world.settings.intelligenceEnabled;
  if (call === undefined || !ready || call.outcome !== "answered") {
    return { status: 404, body: { code: "NOT_FOUND", message: "The requested resource was not found." } };
  }
  return then(call);
}

function transcription(call: CloudTalkCall, query: Record<string, string>): unknown {
  const limit = Number(query.limit ?? 100);
  const offset = Number(query.offset ?? 0);
  const { turns } = sampleCall();
  const segments = turns
    .slice(offset, offset + limit)
    .map((turn) => ({ start: turn.start, end: turn.end, caller: callerOf(turn), text: turn.text }));
  return {
    data: { callId: Number(call.id), segments, callers, language: "en" },
    pagination: { limit, offset, total: turns.length },
  };
}

function talkListen(): unknown {
  const seconds = (id: string) =>
    sampleCall()
      .turns.filter((turn) => callerOf(turn) === id)
      .reduce((sum, turn) => sum + turn.end - turn.start, 0);
  const total = seconds("A") + seconds("B");
  return ["A", "B"].map((caller) => ({
    caller,
    talkingTime: Math.round(seconds(caller)),
    ratio: Math.round((100 * seconds(caller)) / total),
  }));
}

const smartNotes = (call: CloudTalkCall): unknown => ({
  callDetails: { callDateTime: iso(call.startedAt), participants: [], callMetadata: "" },
  actionItems: ["Send a technician tomorrow between nine and eleven", "Credit twenty dollars on the next bill"],
  decisionsMade: ["Free technician visit"],
  openQuestions: ["Is there a better plan for the customer?"],
  importantDatesAndDeadlines: [
    { dateMention: iso(after(call.startedAt, 86_400_000)), eventDescription: "Technician visit" },
  ],
  risksAndIssues: ["The customer is thinking about leaving"],
  customerFeedback: ["Slow internet for three days"],
});
