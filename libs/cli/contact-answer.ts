import {
  type CloudTalkContactId,
  contactLinked,
  contactUnlinked,
  foldCall,
  type GhlContactId,
  isEvent,
  type LogEvent,
  linksIn,
  stream,
  timesUnlinked,
} from "@callbridge/events";
import type { Asked } from "@callbridge/read-models";
import type { Fact } from "@callbridge/service";
import { CliError } from "./errors.ts";

/** What the log holds of a question: the subjects of the record that is asked about and of the contact that is the answer. */
export type Situation = { asked: Asked; record: readonly LogEvent[]; contact: readonly LogEvent[] };

export type Answered = { facts: Fact[]; words: string[] };

/** The stream of whoever is asked about, where the answer is kept. */
export function streamOf(asked: Asked): string {
  if ("cloudtalkContactId" in asked) return stream.cloudtalkContact(asked.cloudtalkContactId);
  if ("ghlContactId" in asked) return stream.ghlContact(asked.ghlContactId);
  return "phoneHash" in asked ? stream.contactByPhone(asked.phoneHash) : asked.call;
}

/** A person says whose record or number this is: the two are linked, or where they cannot be, it is remembered. Pure. */
export function belongsTo(situation: Situation, to: GhlContactId): Answered {
  const { asked, record, contact } = situation;
  if ("ghlContactId" in asked) {
    throw new CliError(
      `Say which CloudTalk contact it is: callbridge contacts resolve <CloudTalk contact> --ghl ${to}`,
    );
  }
  if (!("cloudtalkContactId" in asked)) return "phoneHash" in asked ? settled(situation, to) : nothing;
  const id = asked.cloudtalkContactId as CloudTalkContactId;
  const former = linkOf(record, id);
  if (former?.ghlContactId === to)
    return { facts: [], words: [`CloudTalk contact ${id} is linked with ${to} already.`] };
  const times = timesUnlinked(record, id);
  const parting = former
    ? {
        facts: contactUnlinked(former, "person", times),
        words: [`Unlink CloudTalk contact ${id} from ${former.ghlContactId}.`],
      }
    : nothing;
  const other = linksIn(contact).find((link) => link.ghlContactId === to && link.cloudtalkContactId !== id);
  if (other || isGone(record, "cloudtalk", id)) {
    const because = other ? `${to} is linked with CloudTalk contact ${other.cloudtalkContactId}` : "it was deleted";
    return together(parting, settled(situation, to, because));
  }
  const link = contactLinked({ cloudtalkContactId: id, ghlContactId: to }, "person", times + (former ? 1 : 0));
  return together(parting, { facts: [link], words: [`Link CloudTalk contact ${id} with GoHighLevel contact ${to}.`] });
}

/** A person says that it is nobody in the CRM: it is not asked about again. Pure. */
export function isNobody(situation: Situation): Answered {
  const { asked, record } = situation;
  const link = "cloudtalkContactId" in asked ? linkOf(record, asked.cloudtalkContactId) : undefined;
  if (!link) return settled(situation, undefined);
  const { cloudtalkContactId: id, ghlContactId } = link;
  if (isGone(record, "ghl", ghlContactId)) return together(isSomebodyElse(record, id), settled(situation, undefined));
  throw new CliError(`It is linked with ${ghlContactId}. First: callbridge contacts unlink ${id}`);
}

/** A person says that two records are two people. Pure. */
export function isSomebodyElse(record: readonly LogEvent[], id: CloudTalkContactId): Answered {
  const link = linkOf(record, id);
  if (!link) throw new CliError(`CloudTalk contact ${id} is linked with nobody.`);
  return {
    facts: contactUnlinked(link, "person", timesUnlinked(record, id)),
    words: [`Unlink CloudTalk contact ${id} from GoHighLevel contact ${link.ghlContactId}, for good.`],
  };
}

/** A waiting call goes to the contact. The key names the state it was decided from, so it may be decided anew later. */
export function callBelongsTo(events: readonly LogEvent[], ghlContactId: GhlContactId): Fact | undefined {
  const call = foldCall(events);
  const waits = call.contact !== undefined && "unmatched" in call.contact;
  if (!waits || call.erased || call.stream === undefined) return undefined;
  return {
    type: "call.matched",
    stream: call.stream,
    key: { fact: `${call.stream}/contact:person:${call.position}` },
    data: { ghlContactId, cloudtalkContactId: call.cloudtalkContactId, because: "person" },
    personal: {},
  };
}

function settled({ asked, record }: Situation, to: GhlContactId | undefined, because?: string): Answered {
  const name = streamOf(asked);
  const last = record.findLast((event) => isEvent(event, "contact.settled"));
  if (last && isEvent(last, "contact.settled") && last.data.belongsTo === to) return nothing;
  const fact: Fact = {
    type: "contact.settled",
    stream: name,
    key: { fact: `${name}/settled:${record.at(-1)?.position ?? 0}` },
    data: {
      ...("cloudtalkContactId" in asked ? idsOf(asked) : "ghlContactId" in asked ? idsOf(asked) : {}),
      belongsTo: to,
    },
    personal: {},
  };
  if (to === undefined) return { facts: [fact], words: ["Remember that it is nobody, and ask no more."] };
  const why = because ? ` It is not linked, because ${because}.` : "";
  return { facts: [fact], words: [`Remember that it belongs to GoHighLevel contact ${to}.${why}`] };
}

const idsOf = (asked: { cloudtalkContactId: string } | { ghlContactId: string }) =>
  asked as { cloudtalkContactId: CloudTalkContactId } | { ghlContactId: GhlContactId };

const nothing: Answered = { facts: [], words: [] };
const together = (...parts: Answered[]): Answered => ({
  facts: parts.flatMap(({ facts }) => facts),
  words: parts.flatMap(({ words }) => words),
});

const linkOf = (record: readonly LogEvent[], id: string) =>
  linksIn(record).find((one) => one.cloudtalkContactId === id);

/** The record was read as missing on its side, and has not been seen there again. */
function isGone(record: readonly LogEvent[], side: "cloudtalk" | "ghl", id: string): boolean {
  const last = record.findLast(
    (event) =>
      (isEvent(event, "contact.deleted") || isEvent(event, "contact.observed")) &&
      event.data.side === side &&
      (side === "ghl" ? event.data.ghlContactId : event.data.cloudtalkContactId) === id,
  );
  return last?.type === "contact.deleted";
}
