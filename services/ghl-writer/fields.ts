import { type Call, ghlContactId } from "@callbridge/events";
import type { Ghl } from "@callbridge/ghl";
import { afterError, type EffectDefinition, remembered } from "@callbridge/service";
import { VendorError } from "@callbridge/vendor";
import { z } from "zod";

/** The custom fields of a contact that tell of its last call. Made in the CRM when they are missing. */
export const callFields = {
  lastCallAt: { name: "Last call time", dataType: "TEXT" },
  direction: { name: "Last call direction", dataType: "TEXT" },
  outcome: { name: "Last call outcome", dataType: "TEXT" },
  sentiment: { name: "Last call sentiment", dataType: "TEXT" },
  score: { name: "Last call score", dataType: "NUMERICAL" },
  recordingLink: { name: "Last call recording", dataType: "TEXT" },
} as const;
type FieldName = keyof typeof callFields;

const empty = "";

const values = z.partialRecord(
  z.enum(Object.keys(callFields) as [FieldName, ...FieldName[]]),
  z.union([z.string(), z.number()]),
);
const input = z.object({ contactId: ghlContactId, values });
type Input = z.output<typeof input>;

/** The fields tell of one call: what is not known of it is emptied, so that nothing of an older call stays beside it. */
export function fieldValues(call: Call, recordingLink: string | undefined): z.output<typeof values> {
  const analysis = call.analysis && "sentiment" in call.analysis ? call.analysis : undefined;
  const known = {
    lastCallAt: call.startedAt ?? call.endedAt ?? call.firstAt,
    direction: call.direction,
    outcome: call.outcome,
    sentiment: analysis?.sentiment,
    score: analysis?.score,
    recordingLink,
  };
  return values.parse(Object.fromEntries(Object.entries(known).map(([name, value]) => [name, value ?? empty])));
}

type Deps = {
  ghl: Pick<Ghl, "customFields" | "createCustomField" | "setCustomFields" | "contact">;
  host: string;
  /** Runs work that no other process may do at the same time. */
  exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
};

export function fieldsEffect({ ghl, host, exclusively }: Deps): EffectDefinition<Input> {
  /** A field deleted by hand is made again when the ids are no longer believed. */
  const fieldIds = remembered(ensureFields);

  return {
    kind: "ghl.fields",
    input,
    host,
    perform: async ({ contactId, values }, { now }) => {
      const byName = await fieldIds(now.getTime());
      const all = written(values, byName);
      try {
        await ghl.setCustomFields(contactId, all);
      } catch (error) {
        const told = all.filter(({ value }) => value !== empty);
        if (!(error instanceof VendorError) || error.consequence !== "refused" || told.length === all.length)
          throw error;
        // GHL's document says nothing of empty values. Where they are refused, what is known must arrive all the same.
        await ghl.setCustomFields(contactId, told);
      }
      return {};
    },
    readBack: async ({ contactId, values }, { now }) => {
      const [byName, contact] = [await fieldIds(now.getTime()), await ghl.contact(contactId)];
      const there = new Map(contact?.customFields.map(({ id, value }) => [id, String(value)]));
      const isThere = ({ id, value }: Written) => value === empty || there.get(id) === String(value);
      return written(values, byName).every(isThere) ? {} : undefined;
    },
  };

  async function ensureFields(): Promise<Map<FieldName, string>> {
    const names = Object.keys(callFields) as FieldName[];
    let found = await existing();
    if (found.size < names.length) {
      await exclusively("ghl-custom-fields", async () => {
        found = await existing();
        for (const name of names) if (!found.has(name)) found.set(name, await created(name));
      });
    }
    return found;
  }

  async function created(name: FieldName): Promise<string> {
    try {
      return (await ghl.createCustomField(callFields[name])).id;
    } catch (error) {
      if (!afterError(error, 1).dead) throw error;
      // The key cannot be had twice: a process that was believed dead, or a request that came late, has made it meanwhile.
      const id = (await existing()).get(name);
      if (id === undefined) throw error;
      return id;
    }
  }

  async function existing(): Promise<Map<FieldName, string>> {
    const fields = await ghl.customFields();
    const entries = (Object.keys(callFields) as FieldName[]).flatMap((name): [FieldName, string][] => {
      const { name: label } = callFields[name];
      // A field keeps its key when somebody renames it, and the key cannot be had twice.
      const key = `contact.${label.toLowerCase().replaceAll(" ", "_")}`;
      const field = fields.find((one) => one.fieldKey === key || one.name.toLowerCase() === label.toLowerCase());
      return field ? [[name, field.id]] : [];
    });
    return new Map(entries);
  }
}

type Written = { id: string; value: string | number };

function written(values: Input["values"], byName: Map<FieldName, string>): Written[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const id = byName.get(name as FieldName);
    return id === undefined || value === undefined ? [] : [{ id, value }];
  });
}
