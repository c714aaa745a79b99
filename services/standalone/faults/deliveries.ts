import type { EventLog, Keyring } from "@callbridge/event-log";
import type { Endpoint } from "../../ingress/endpoints.ts";
import { type Receipt, receive } from "../../ingress/receive.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import { account } from "./replica.ts";
import type { SimulatedTime } from "./simulated-time.ts";

type Door = { process: SimulatedProcess; log: EventLog };

/** The vendors as senders: each delivery comes until it is answered. */
export type Deliveries = {
  /** Those that are not answered yet. */
  waiting: () => number;
  /** Events that were promised to be in the log: 2xx was answered. */
  promised: () => readonly string[];
  /** `body` is asked at every attempt. */
  deliver: (endpoint: Endpoint, body: () => unknown, afterMs: number) => void;
};

const answerLimitMs = 30_000;
const ingressAccount = {
  ...{ name: account, cloudtalkSecrets: [], ghlSecrets: [], svixSecrets: [], ghlPublicKeys: [] },
  ...{ ghlLocationId: undefined, defaultCountry: undefined },
};

export function deliveries(
  time: SimulatedTime,
  random: Random,
  keyring: Keyring,
  doors: () => readonly Door[],
): Deliveries {
  let waiting = 0;
  const promised: string[] = [];

  function deliver(endpoint: Endpoint, body: () => unknown, afterMs: number): void {
    waiting += 1;
    const attempt = () => {
      const [first, ...others] = doors();
      let isOpen = true;
      const again = () => {
        if (!isOpen) return;
        isOpen = false;
        time.after(random.between(3_000, 12_000), attempt);
      };
      const accepted = ({ eventIds }: Receipt) => {
        if (!isOpen) return;
        isOpen = false;
        waiting -= 1;
        promised.push(...eventIds);
      };
      if (!first) return again();
      time.after(answerLimitMs, again);
      const door = random.pick([first, ...others]);
      door.process.enter(() => {
        const rawBody = Buffer.from(JSON.stringify(body()));
        const received = { headers: {}, contentType: "application/json", rawBody };
        receive(endpoint, ingressAccount, received, { log: door.log, keyring, now: time.clock() }).then(
          // The answer may get lost on its way, then the same comes again.
          (receipt) => (random.chance(0.03) ? again() : accepted(receipt)),
          again,
        );
      });
    };
    time.after(afterMs, attempt);
  }

  return { waiting: () => waiting, promised: () => promised, deliver };
}
