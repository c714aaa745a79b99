import { canonicalText, stream } from "@callbridge/events";
import type { Context, Fact } from "@callbridge/service";
import type { Hint, Pair, Side } from "./pair.ts";
import type { Person } from "./person.ts";

/** What a side shows, when it is not what was known of it. */
export function observed(side: Side, pair: Pair, person: Person, { position }: Hint): Fact[] {
  const known = pair.seen[side];
  if (known && samePerson(known, person) && !pair.deleted.has(side)) return [];
  const { name, ids } = recordOf(pair, side);
  const { tags, ...personal } = person;
  const key = { fact: `${name}/observed:${position}` };
  return [{ type: "contact.observed", stream: name, key, data: { ...ids, side, tags }, personal }];
}

/** That a record is gone is one fact, however often it is looked for. */
export function deleted(pair: Pair, side: Side): Fact[] {
  if (pair.deleted.has(side)) return [];
  const { name, ids } = recordOf(pair, side);
  const key = { fact: `${name}/deleted:${pair.position}` };
  return [{ type: "contact.deleted", stream: name, key, data: { ...ids, side }, personal: {} }];
}

function recordOf({ ids: { cloudtalk, ghl } }: Pair, side: Side) {
  return side === "ghl"
    ? { name: stream.ghlContact(ghl ?? ""), ids: { ghlContactId: ghl } }
    : { name: stream.cloudtalkContact(cloudtalk ?? ""), ids: { cloudtalkContactId: cloudtalk } };
}

/** Equal, whatever the order; in GHL the main phone and e-mail, which stand first, have to be the same ones. */
export function samePerson(one: Person, other: Person): boolean {
  const text = ({ fields, phones, emails, tags }: Person) =>
    canonicalText([fields, phones.toSorted(), emails.toSorted(), tags.toSorted()]);
  return text(one) === text(other) && one.phones[0] === other.phones[0] && one.emails[0] === other.emails[0];
}

/** What one look at a contact works on. */
export type Work = { account: string; stream: string; newest: Hint; context: Context };

type Writes = { ghl: string[]; cloudtalk: string[] };
const nothing: Writes = { ghl: [], cloudtalk: [] };

/** Everything up to the newest hint was considered. `base`: what both sides agree on now. */
export function synced(
  { ids }: Pair,
  { stream: name, newest }: Pick<Work, "stream" | "newest">,
  base?: Person,
  writes = nothing,
): Fact {
  const { tags, ...personal } = base ?? {};
  return {
    type: "contact.synced",
    stream: name,
    key: { fact: `synced:${newest.position}` },
    data: {
      ...{ cloudtalkContactId: ids.cloudtalk, ghlContactId: ids.ghl },
      ...{ upTo: newest.position, writes },
      ...(tags && { tags }),
    },
    personal,
  };
}
