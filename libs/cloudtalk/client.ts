import type { CloudTalkCallId, CloudTalkContactId } from "@callbridge/events";
import { type Gate, VendorError, type VendorRequest, vendorHttp } from "@callbridge/vendor";
import { z } from "zod";
import { type CallDetails, callDetailsAnswer } from "./call-details.ts";
import { type HistoryPage, type HistoryQuestion, historyAnswer, historyQuery } from "./call-history.ts";
import {
  type Contact,
  contactAnswer,
  contactIdsAnswer,
  createdAnswer,
  type NewContact,
  newContactBody,
} from "./contact.ts";
import { limitOf, retryAfterMs } from "./limits.ts";
import { openRecording, type Recording } from "./recording.ts";

export type CloudTalkOptions = {
  keyId: string;
  secret: string;
  /** With path prefix: `https://my.cloudtalk.io/api`. */
  baseUrl: string;
  /** `https://analytics-api.cloudtalk.io/api`. */
  analyticsUrl: string;
  /** The budget that all requests of this company share. */
  gate?: Gate | undefined;
  /** Milliseconds since 1970; compared with the moment that a 429 names. */
  now?: () => number;
};

/** CloudTalk's API, as far as it is used. Rejects with a `VendorError`. */
export type CloudTalk = {
  /** Undefined while the analytics do not know the call, which is the case for seconds to minutes after it ended. */
  callDetails: (callId: CloudTalkCallId) => Promise<CallDetails | undefined>;
  callHistory: (question: HistoryQuestion) => Promise<HistoryPage>;
  recording: (callId: CloudTalkCallId, signal: AbortSignal) => Promise<Recording>;
  /** Undefined when it is gone: contacts are merged and deleted. */
  contact: (id: CloudTalkContactId) => Promise<Contact | undefined>;
  /** The contacts that have exactly this number. New ones are found only after a short index lag. */
  findContactsByPhone: (e164: string) => Promise<Contact[]>;
  /** Has no idempotency key: after an ambiguous failure look the number up before another attempt. */
  createContact: (contact: NewContact) => Promise<CloudTalkContactId>;
};

/** A full number as keyword hits few contacts; this many share one only in a broken account. */
const candidatesMax = 20;

export function createCloudTalk(options: CloudTalkOptions): CloudTalk {
  const { gate, now = Date.now } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const analyticsUrl = options.analyticsUrl.replace(/\/+$/, "");
  // Without Accept CloudTalk answers 404 or 406, without User-Agent its edge answers an HTML 403 (facts §0 item 4).
  const headers = {
    authorization: `Basic ${Buffer.from(`${options.keyId}:${options.secret}`).toString("base64")}`,
    accept: "application/json",
    "user-agent": "callbridge",
  };
  const http = vendorHttp({
    vendor: "cloudtalk",
    headers: () => headers,
    retryAfterMs: (answer) => retryAfterMs(answer, now()),
    errorMessage: (body) => errorBody.safeParse(body).data,
    limitOf,
    gate,
  });

  const request = <T>(question: VendorRequest<T>): Promise<T> => http.ask(question);

  async function contact(id: CloudTalkContactId): Promise<Contact | undefined> {
    const url = `${baseUrl}/contacts/show/${encodeURIComponent(id)}.json`;
    return await orNotFound(request({ operation: "contacts.show", method: "GET", url, answer: contactAnswer }));
  }

  async function search(keyword: string, e164: string): Promise<Contact[]> {
    const ids = await request({
      operation: "contacts.search",
      method: "GET",
      url: `${baseUrl}/contacts/index.json`,
      query: { keyword, limit: candidatesMax },
      answer: contactIdsAnswer,
    });
    const matches: Contact[] = [];
    // One after the other: the budget is shared, and there is hardly ever more than one.
    for (const id of new Set(ids)) {
      const found = await contact(id);
      if (found?.phones.includes(e164)) matches.push(found);
    }
    return matches;
  }

  return {
    contact,

    callDetails: async (callId) => {
      const url = `${analyticsUrl}/calls/${encodeURIComponent(callId)}`;
      return await orNotFound(request({ operation: "calls.details", method: "GET", url, answer: callDetailsAnswer }));
    },

    callHistory: async (question) =>
      await request({
        operation: "calls.history",
        method: "GET",
        url: `${baseUrl}/calls/index.json`,
        query: historyQuery(question),
        answer: historyAnswer,
      }),

    recording: (callId, signal) =>
      openRecording(http, `${baseUrl}/calls/recording/${encodeURIComponent(callId)}.json`, signal),

    findContactsByPhone: async (e164) => {
      const matches = await search(e164, e164);
      // Numbers are stored with or without "+", and a match that is overlooked becomes a duplicate contact.
      return matches.length > 0 ? matches : await search(e164.replace("+", ""), e164);
    },

    createContact: async (input) =>
      await request({
        operation: "contacts.add",
        method: "PUT",
        url: `${baseUrl}/contacts/add.json`,
        json: newContactBody(input),
        answer: createdAnswer,
      }),
  };
}

async function orNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof VendorError && error.status === 404) return undefined;
    throw error;
  }
}

/** The human-readable part of an error in any of the four hosts' shapes (facts/cloudtalk.md §1.3). */
const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join("; "))]);
const errorBody = z.union([
  z.object({ responseData: z.object({ message: text }) }).transform(({ responseData }) => responseData.message),
  z.object({ message: text }).transform(({ message }) => message),
  z.object({ errors: text }).transform(({ errors }) => errors),
]);
