import { type Call, failedBecause } from "@callbridge/events";
import { escapeHtml } from "./html.ts";

export type NoteOptions = {
  timeZone: string;
  /** Where people can listen; undefined when there is no address that the CRM's users could reach. */
  recordingLink: string | undefined;
};

/**
 * GHL documents no limit for a note; together these stay below 5,000 characters (facts/ghl.md §0 item 15). Each text is cut
 * by itself, so that the link at the end and the call's id are never lost.
 */
const headlineCharactersMax = 200;
const summaryCharactersMax = 1_500;
const itemCharactersMax = 180;
const itemsMax = 8;

const titles = { answered: "Call", missed: "Missed call", voicemail: "Voicemail", unknown: "Call" };
const directions = { inbound: "Inbound", outbound: "Outbound", internal: "Internal" };

/** The words of a call's note, from what is known by now. GHL shows line breaks and bare links; nothing in it is markup. */
export function renderNote(call: Call, { timeZone, recordingLink }: NoteOptions): string {
  const analysis = call.analysis && "callType" in call.analysis ? call.analysis : undefined;
  const lines = [
    headline(call, timeZone),
    agent(call),
    ...(analysis ? ["", ...analysed(analysis)] : []),
    ...section("Action items", analysis?.actionItems),
    ...section("Coaching", analysis?.coaching),
    ...missingParts(call),
    ...(recordingLink || call.callId ? [""] : []),
    recordingLink && `Recording: ${recordingLink}`,
    call.callId && `CloudTalk call ${call.callId}`,
  ];
  return escapeHtml(lines.filter((line) => line !== undefined).join("\n"));
}

type Analysis = Extract<NonNullable<Call["analysis"]>, { callType: string }>;

function analysed({ headline, summary, outcome, sentiment, score }: Analysis): string[] {
  const points = score === undefined ? "" : ` · Score: ${Math.round(score)}/100`;
  return [
    ...(headline ? [cut(headline, headlineCharactersMax)] : []),
    ...(summary && summary !== headline ? [cut(summary, summaryCharactersMax)] : []),
    `Outcome: ${words(outcome)} · Sentiment: ${words(sentiment)}${points}`,
  ];
}

function headline(call: Call, timeZone: string): string {
  const outcome = call.outcome ?? "unknown";
  const direction = call.direction && directions[call.direction];
  const title = direction ? `${direction} ${titles[outcome].toLowerCase()}` : titles[outcome];
  const at = call.startedAt ?? call.answeredAt ?? call.endedAt ?? call.firstAt;
  const parts = [title];
  if (outcome === "unknown") parts.push("not known whether it was answered");
  if (at) parts.push(localTime(at, timeZone));
  if (outcome === "answered" && call.talkingSeconds) parts.push(duration(call.talkingSeconds));
  if (outcome === "missed" && call.waitingSeconds) parts.push(`rang ${duration(call.waitingSeconds)}`);
  return parts.join(" · ");
}

function agent(call: Call): string | undefined {
  return call.agentName ? `Agent: ${call.agentName}` : undefined;
}

/** What people would look for in vain, and why it is not there. A missed call has nothing to miss. */
function missingParts(call: Call): string[] {
  if (call.outcome === "missed") return [];
  const noRecording = failedBecause(call.recording);
  if (noRecording) return ["", `There is no recording: ${words(noRecording)}.`];
  const noTranscript = failedBecause(call.transcript);
  if (noTranscript) return ["", `The recording could not be transcribed: ${words(noTranscript)}.`];
  if (call.transcript && "outcome" in call.transcript && call.transcript.outcome === "no-speech") {
    return ["", "Nobody speaks on the recording."];
  }
  const noAnalysis = failedBecause(call.analysis);
  if (noAnalysis) return ["", `The call was transcribed, but the analysis failed: ${words(noAnalysis)}.`];
  return [];
}

function section(title: string, items: string[] | undefined): string[] {
  return items?.length
    ? ["", `${title}:`, ...items.slice(0, itemsMax).map((item) => `• ${cut(item, itemCharactersMax)}`)]
    : [];
}

const words = (code: string) => cut(code.replace(/[_-]/g, " "), itemCharactersMax);
const cut = (text: string, charactersMax: number) =>
  text.length > charactersMax ? `${text.slice(0, charactersMax - 1).toWellFormed()}…` : text;

function localTime(instant: string, timeZone: string): string {
  const text = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone }).format(
    new Date(instant),
  );
  return `${text} (${timeZone})`;
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return [hours && `${hours} h`, minutes && `${minutes} min`, (rest || whole === 0) && `${rest} s`]
    .filter(Boolean)
    .join(" ");
}
