import { z } from "zod";
import type { CloudTalkCallId, CloudTalkCallUuid, CloudTalkContactId, GhlContactId } from "./streams.ts";

/** What the events' schemas are made of. */

export const id = z.string().min(1).max(200);
export const callId = id.transform((value) => value as CloudTalkCallId);
export const callUuid = id.transform((value) => value as CloudTalkCallUuid);
export const cloudtalkContactId = id.transform((value) => value as CloudTalkContactId);
export const ghlContactId = id.transform((value) => value as GhlContactId);
export const instant = z.iso.datetime({ offset: true });
export const seconds = z.number().nonnegative();
export const side = z.enum(["cloudtalk", "ghl"]);
export const text = z.string();

export const contactIds = { cloudtalkContactId: cloudtalkContactId.optional(), ghlContactId: ghlContactId.optional() };
export const nothingPersonal = z.object({});
