import type { Ghl, GhlCustomField } from "@callbridge/ghl";
import type { SyncSettings } from "@callbridge/service";

/** How long the definitions are believed; a field made or renamed by hand is seen after that. */
const freshMs = 10 * 60_000;

/** The definitions of GHL's custom fields, asked for only where the mapping names one. */
export function customFieldsOf(
  ghl: Pick<Ghl, "customFields">,
  { fields }: SyncSettings,
): () => Promise<readonly GhlCustomField[]> {
  const areNamed = fields.some((rule) => rule.ghl.startsWith("custom:"));
  let known: { at: number; definitions: Promise<GhlCustomField[]> } | undefined;
  return async () => {
    if (!areNamed) return [];
    if (!known || performance.now() - known.at > freshMs) {
      const asked = { at: performance.now(), definitions: ghl.customFields() };
      known = asked;
      asked.definitions.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    return await known.definitions;
  };
}
