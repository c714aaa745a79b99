import type { LogEvent } from "@callbridge/events";
import { duration, joined, moment, phone, said } from "./words.ts";

export type FactLine = { at: string; position: number; type: string; text: string };

/** What happened, but for the writes: these are told together. Pure. */
export function factLines(events: readonly LogEvent[], personal: boolean): FactLine[] {
  return events
    .filter(({ type }) => !type.startsWith("effect."))
    .map((event) => ({
      at: event.recordedAt,
      position: event.position,
      type: event.type,
      text: joined([factText(event, personal), event.erased && "(its personal data was erased)"], " "),
    }));
}

type CallReport = Extract<LogEvent, { type: "call.ended" | "call.identified" }>;

function factText(event: LogEvent, personal: boolean): string {
  switch (event.type) {
    case "call.started":
      return told("The call began", reported(event, personal));
    case "call.answered":
      return told("The call was answered", reported(event, personal));
    case "call.ended":
      return told("The call ended", reported(event, personal));
    case "call.modified":
      return told("CloudTalk changed what it says of the call", reported(event, personal));
    case "call.recovered":
      return told("Seen in CloudTalk's call history", reported(event, personal));
    case "call.recording_ready":
      return told("CloudTalk said that a recording is ready", reported(event, personal));
    case "call.transcript_ready":
      return told("CloudTalk said that a transcript of its own is ready", reported(event, personal));
    case "call.tagged":
      return `Tagged in CloudTalk: ${event.data.tag}`;
    case "call.noted":
      return "An agent wrote a note in CloudTalk";
    case "call.identified":
      return told(`Identified ${identifiedBy[event.data.because]}: ${outcomes[event.data.outcome]}`, [
        ...reported(event, personal),
      ]);
    case "call.matched":
      return `Belongs to the GoHighLevel contact ${event.data.ghlContactId} (${matchedBy[event.data.because]})`;
    case "call.unmatched": {
      const { because, candidates } = event.data;
      return `Belongs to no GoHighLevel contact: ${told(said(because), candidates ?? [])}`;
    }
    case "recording.stored": {
      const { bytes, durationSeconds, mediaType } = event.data;
      const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
      return told("The recording is stored", [
        mediaType,
        size,
        durationSeconds !== undefined && duration(durationSeconds),
      ]);
    }
    case "recording.unavailable":
      return told(`There is no recording: ${said(event.data.because)}`, [event.data.detail]);
    case "call.transcribed": {
      const { outcome, words, language, model } = event.data;
      return outcome === "no-speech"
        ? `Nobody speaks on the recording (${model})`
        : told("The recording is transcribed", [`${words} words`, language, model]);
    }
    case "call.transcription_failed":
      return `The recording could not be transcribed: ${said(event.data.because)}`;
    case "call.analysed": {
      const { callType, outcome, sentiment, score, model } = event.data;
      const points = score !== undefined && `score ${Math.round(score)}`;
      return told("The call is analysed", [said(callType), said(outcome), said(sentiment), points, model]);
    }
    case "call.analysis_failed":
      return `The analysis failed: ${said(event.data.because)}`;
    default:
      return said(event.type.replace(".", " "));
  }
}

const outcomes = { answered: "answered", missed: "missed", voicemail: "voicemail", unknown: "outcome unknown" };
const identifiedBy = {
  reports: "by its webhooks alone",
  "call-details": "by CloudTalk's call details",
  deadline: "as it is, because nobody told more in time",
};
const matchedBy = {
  phone: "exactly one contact has this number",
  created: "created for this caller",
  link: "linked with the caller's record in CloudTalk",
  person: "a person said so",
};

function reported({ data, personal: own }: Pick<CallReport, "data" | "personal">, personal: boolean) {
  const { direction, talkingSeconds, waitingSeconds, voicemail, withheld, callId, callUuid, endedAt, agentId } = data;
  return [
    direction,
    voicemail && "voicemail",
    talkingSeconds !== undefined && `talked ${duration(talkingSeconds)}`,
    waitingSeconds !== undefined && `waited ${duration(waitingSeconds)}`,
    endedAt && `ended ${moment(endedAt)}`,
    own.externalPhone && `number ${phone(own.externalPhone, personal)}`,
    own.invalidPhone && `a number that is none${personal ? ` (${own.invalidPhone})` : ""}`,
    withheld && "number withheld",
    personal && own.agentName ? `agent ${own.agentName}` : agentId && `agent ${agentId}`,
    personal && own.contactName && `contact ${own.contactName}`,
    callId && `id ${callId}`,
    callUuid && `uuid ${callUuid}`,
  ];
}

function told(what: string, details: readonly (string | false | undefined)[]): string {
  const known = joined(details);
  return known === "" ? what : `${what} (${known})`;
}
