import type { EventLog } from "@callbridge/event-log";
import { type Call, type GhlContactId, stream } from "@callbridge/events";
import type { Fact } from "@callbridge/service";
import { linkedNext } from "./link.ts";
import { pairName } from "./pair.ts";
import { readPair } from "./read-pair.ts";

/** What the log knows of whoever called, before the CRM is asked. */
export type Caller = {
  /** The CRM contact that the caller's record is linked with, or that a person has named. */
  ghl: GhlContactId | undefined;
  /** The fact that links the caller's record, when it has none yet and nobody has parted the two. */
  link: (ghl: GhlContactId, because: "phone" | "created" | "link") => Promise<Fact | undefined>;
};

type Deps = { account: string; hash: (text: string) => string; log: Pick<EventLog, "stream"> };

export async function callerOf({ cloudtalkContactId: id, externalPhone }: Call, deps: Deps): Promise<Caller> {
  const { account, hash, log } = deps;
  const pairOf = (name: string) => readPair(log, account, name);
  if (!id) {
    const number = externalPhone && (await pairOf(stream.contactByPhone(hash(externalPhone))));
    return { ghl: number ? number.settled?.ghl : undefined, link: async () => undefined };
  }
  const pair = await pairOf(stream.cloudtalkContact(id));
  const linkedWith = pair.deleted.has("ghl") ? undefined : pair.ids.ghl;
  return {
    ghl: pair.linked ? linkedWith : pair.settled?.ghl,
    link: async (ghl, because) => {
      if (pair.linked || pair.settled || because === "link" || pair.parted.has(pairName(id, ghl))) return undefined;
      // The CRM contact has its counterpart already: this is a second record, and the call belongs to the person all the same.
      if ((await pairOf(stream.ghlContact(ghl))).linked) return undefined;
      return await linkedNext(log, account, [id, ghl], because === "created" ? because : "call");
    },
  };
}
