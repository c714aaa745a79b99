import { type RealCall, webhookBody } from "./call-centre.ts";
import type { Crm } from "./crm.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** What the vendors tell of by themselves. */
export function senders({ deliver }: Deliveries, time: SimulatedTime, random: Random) {
  const endpoint = (vendor: "cloudtalk" | "ghl", name: string) => ({
    path: `/${vendor}-webhooks/${name}`,
    vendor,
    name,
  });
  return {
    reportCall: (call: RealCall): void => {
      for (const { event, afterMs } of call.webhooks) {
        for (const ms of afterMs)
          deliver(endpoint("cloudtalk", event), () => webhookBody(call, event), call.endMs + ms);
      }
    },
    reportLead: (crm: Crm, phone: string, afterMs: number): void => {
      time.after(afterMs, () => {
        const { id } = crm.add(phone, "Grace Sample");
        const body = { contact_id: id, first_name: "Grace", last_name: "Sample", full_name: "Grace Sample", phone };
        for (let copies = random.between(1, 2); copies > 0; copies--) {
          deliver(endpoint("ghl", "new-contact"), () => body, random.between(0, 10_000));
        }
      });
    },
  };
}
