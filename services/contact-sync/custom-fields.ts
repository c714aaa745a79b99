import type { Ghl, GhlCustomField } from "@callbridge/ghl";
import { remembered, type SyncSettings } from "@callbridge/service";

/** The definitions of GHL's custom fields, asked for only where the mapping names one. */
export function customFieldsOf(
  ghl: Pick<Ghl, "customFields">,
  { fields }: SyncSettings,
): () => Promise<readonly GhlCustomField[]> {
  const areNamed = fields.some((rule) => rule.ghl.startsWith("custom:"));
  const definitions = remembered(() => ghl.customFields());
  return async () => (areNamed ? await definitions(performance.now()) : []);
}
