import { VendorError } from "@callbridge/vendor";
import { z } from "zod";
import type { EffectDefinition } from "./effects.ts";

/** What happens to one request: its answer, and whether the vendor applies it (late: ten seconds after it came). */
export type Fault =
  | "answered"
  | "lost but applied"
  | "lost"
  | "lost and applied late"
  | "failed with 500"
  | "rate limited"
  | "unreachable"
  | "unauthorised"
  | "refused"
  | "died before it"
  | "died after it"
  | "nothing to do";

type Request = { effect: string; at: number };

const lateMs = 10_000;
const input = z.object({ body: z.string() });

/** A vendor in memory that does to each write what its script says; without a script it answers. */
export function createScriptedVendor(clock: () => Date) {
  const scripts = new Map<string, Fault[]>();
  const applied: Request[] = [];
  const performed: Request[] = [];
  const readBack: Request[] = [];
  let readFaults: VendorError["consequence"][] = [];
  const now = () => clock().getTime();
  const error = (consequence: VendorError["consequence"], status?: number, retryAfterMs?: number) =>
    new VendorError({
      vendor: "ghl",
      operation: "notes.create",
      consequence,
      detail: "scripted",
      status,
      retryAfterMs,
    });
  const apply = (effect: string, at = now()) => applied.push({ effect, at });
  const gone = () => new Promise<never>(() => undefined);

  async function perform(effect: string, die: () => void) {
    performed.push({ effect, at: now() });
    const fault = scripts.get(effect)?.shift() ?? "answered";
    switch (fault) {
      case "answered":
        apply(effect);
        return { vendorId: `id-${effect}` };
      case "lost but applied":
        apply(effect);
        throw error("ambiguous");
      case "lost":
        throw error("ambiguous");
      case "lost and applied late":
        apply(effect, now() + lateMs);
        throw error("ambiguous");
      case "failed with 500":
        throw error("ambiguous", 500);
      case "rate limited":
        throw error("not-applied", 429, 42_000);
      case "unreachable":
        throw error("not-applied");
      case "unauthorised":
        throw error("unauthorised", 401);
      case "refused":
        throw error("refused", 422);
      case "died before it":
        die();
        return gone();
      case "died after it":
        apply(effect);
        die();
        return gone();
      case "nothing to do":
        return { skip: "it is there already" };
    }
  }

  return {
    performed,
    readBack,
    script: (effect: string, ...faults: Fault[]) => scripts.set(effect, faults),
    failReading: (...consequences: VendorError["consequence"][]) => {
      readFaults = consequences;
    },
    /** How often an effect is there. */
    count: (effect: string) => applied.filter((one) => one.effect === effect && one.at <= now()).length,
    /** The kind as one process carries it out. A dead process sends nothing any more. */
    definition: (
      alive: () => boolean = () => true,
      die: () => void = () => undefined,
    ): EffectDefinition<z.infer<typeof input>> => ({
      kind: "ghl.note",
      input,
      host: "vendor.test",
      perform: async (_input, { effect }) => (alive() ? perform(effect, die) : gone()),
      readBack: async (_input, { effect }) => {
        readBack.push({ effect, at: now() });
        const fault = readFaults.shift();
        if (fault) throw error(fault);
        return applied.some((one) => one.effect === effect && one.at <= now())
          ? { vendorId: `id-${effect}` }
          : undefined;
      },
    }),
  };
}
