import { type Alarms, systemAlarms } from "./alarms.ts";

/** Waits, or ends early without an error when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal, { after }: Alarms = systemAlarms): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
