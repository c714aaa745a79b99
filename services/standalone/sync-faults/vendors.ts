import type { TwinInProcess } from "@callbridge/twin";
import type { Fetch } from "@callbridge/vendor";
import type { SimulatedProcess, Trouble } from "../faults/process.ts";

const latency = { minMs: 20, maxMs: 400 };

/** Told of every request that reaches a vendor, just before it is applied; what it gives back is run just after. */
export type UnderWay = (port: string, edit?: { contactId: string; readMs: number }) => (() => void) | undefined;

/** The way from one process to the twin's vendors: every request is the use of a port, and faults hit those. */
export function wayToVendors(
  twin: TwinInProcess,
  process: SimulatedProcess,
  nowMs: () => number,
  underWay: UnderWay,
): Fetch {
  /** When this process last read each contact. */
  const reads = new Map<string, number>();
  return async (url, request) => {
    const { vendor, operation, answer } = twin.arrive(url, request);
    const port = `${vendor}.${operation}`;
    const contactId = /\/contacts\/(?:show\/|edit\/)?(\w+?)(?:\.json)?$/.exec(url.pathname)?.[1] ?? "";
    const isEdit = operation === "contacts.edit" || operation === "contacts.update";
    const readMs = reads.get(contactId) ?? 0;
    const apply = () => {
      if (operation === "contacts.show" || operation === "contacts.get") reads.set(contactId, nowMs());
      const afterwards = underWay(port, isEdit ? { contactId, readMs } : undefined);
      const given = answer();
      afterwards?.();
      return given;
    };
    try {
      return await process.port(port, apply, (trouble) => new LostRequest(trouble), latency);
    } catch (error) {
      if (error instanceof LostRequest && error.trouble === "refused") return tooMany();
      throw error;
    }
  };
}

class LostRequest extends Error {
  override readonly name = "LostRequest";
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super("no answer");
    this.trouble = trouble;
  }
}

const tooMany = () => new Response(JSON.stringify({ message: "Too Many Requests" }), { status: 429 });
