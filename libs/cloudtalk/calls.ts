import type { CloudTalkCallId } from "@callbridge/events";
import { type CloudTalkApi, orNotFound } from "./api.ts";
import { type CallDetails, callDetailsAnswer } from "./call-details.ts";
import { type HistoryPage, type HistoryQuestion, historyAnswer, historyQuery } from "./call-history.ts";
import { openRecording, type Recording } from "./recording.ts";

export function callsOf({ http, request, core, analytics }: CloudTalkApi) {
  return {
    /** Undefined while the analytics do not know the call, which is the case for seconds to minutes after it ended. */
    callDetails: async (callId: CloudTalkCallId): Promise<CallDetails | undefined> => {
      const url = analytics(`calls/${encodeURIComponent(callId)}`);
      return await orNotFound(request({ operation: "calls.details", method: "GET", url, answer: callDetailsAnswer }));
    },

    callHistory: async (question: HistoryQuestion): Promise<HistoryPage> =>
      await request({
        operation: "calls.history",
        method: "GET",
        url: core("calls/index"),
        query: historyQuery(question),
        answer: historyAnswer,
      }),

    recording: (callId: CloudTalkCallId, signal: AbortSignal): Promise<Recording> =>
      openRecording(http, core(`calls/recording/${encodeURIComponent(callId)}`), signal),
  };
}
