import { type Gate, VendorError } from "@callbridge/vendor";
import type { SimulatedProcess, Trouble } from "./process.ts";

/** A request to a vendor: through the shared budget, over a network that may lose either way of it. */
export type VendorRequest = <T>(operation: string, kind: "read" | "write", apply: () => T) => Promise<T>;

const latency = { minMs: 20, maxMs: 400 };

/** What libs/vendor makes of HTTP, with the same consequences: reading applies nothing, however it ended. */
export function vendorPort(process: SimulatedProcess, gate: Gate, vendor: string): VendorRequest {
  return async (operation, kind, apply) => {
    await gate.pass(operation);
    try {
      const error = (trouble: Trouble) => troubleOf(vendor, operation, kind, trouble);
      const answer = await process.port(`${vendor}.${operation}`, apply, error, latency);
      await gate.report({});
      return answer;
    } catch (error) {
      if (error instanceof VendorError) await gate.report({ error });
      throw error;
    }
  };
}

function troubleOf(vendor: string, operation: string, kind: "read" | "write", trouble: Trouble): VendorError {
  if (trouble === "refused") {
    const facts = {
      consequence: "not-applied",
      status: 429,
      retryAfterMs: 3_000,
      detail: "too many requests",
    } as const;
    return new VendorError({ vendor, operation, ...facts });
  }
  const consequence = kind === "read" ? "not-applied" : "ambiguous";
  return new VendorError({ vendor, operation, consequence, detail: "no answer" });
}

/** The vendor says no. */
export function refused(vendor: string, operation: string, detail: string): VendorError {
  return new VendorError({ vendor, operation, consequence: "refused", status: 400, detail });
}

/** For the functions of a client that no simulated service uses: whoever begins to learns it at once. */
export const notSimulated = (name: string) => async (): Promise<never> => {
  throw new Error(`The simulation plays no ${name}`);
};
