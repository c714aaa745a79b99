import { type CloudTalkContactId, type GhlContactId, stream } from "@callbridge/events";
import type { Fact } from "@callbridge/service";

/**
 * The two sides' records of one person. The key names the CloudTalk contact alone: linked once, it is never joined to a
 * second CRM contact, whom another of its numbers may belong to. Linking streams of two people cannot be read apart later.
 */
export function linked(
  cloudtalkContactId: CloudTalkContactId,
  ghlContactId: GhlContactId,
  because: "created" | "phone",
): Fact {
  return {
    type: "contact.linked",
    stream: stream.ghlContact(ghlContactId),
    key: { fact: `link:${cloudtalkContactId}` },
    data: { cloudtalkContactId, ghlContactId, because },
    personal: {},
  };
}
