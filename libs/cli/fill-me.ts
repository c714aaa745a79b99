import { readFileSync } from "node:fs";
import { createKeyring, openEventLog } from "@callbridge/event-log";
import { openReadModels } from "@callbridge/read-models";
import { given } from "../testing/given.ts";
const keyring = createKeyring(readFileSync("/tmp/cbtry/data/secrets/data-key","utf8").trim());
const log = openEventLog({ url: process.env.DATABASE_URL ?? "", keyring });
const n = Number(process.argv[2]);
const now = new Date();
for (let i = 0; i < n; i += 20) {
  const events = [];
  for (let j = i; j < i + 20; j++) {
    const callUuid = `f${j}`, callId = String(5_000_000 + j), e = { effect: `note:f${j}`, target: `n:f${j}` };
    const id = { callUuid, callId };
    for (const [k, x] of given(["call.started", id], ["call.ended", id], ["call.recording_ready", id], ["call.identified", id], ["call.matched", {ghlContactId: `G${j % 500}`}], "recording.stored", "call.transcribed", "call.analysed", ["effect.intended", e], ["effect.attempted", e], ["effect.observed", e]).entries()) {
      const { type, stream, time, source, data, personal } = x;
      events.push({ account: "demo", event: { type, stream, time, source, data, personal, key: { fact: `${callUuid}/${k}` } } as never, cause: { correlationId: `c${j}` } });
    }
  }
  await log.append({ now, events });
}
const rm = openReadModels({ log, keyring });
for (const how of ["catchUp", "rebuild"] as const) { const t = Date.now(); const p = await rm[how](); console.log(how, p, Date.now() - t, "ms"); }
let t = Date.now(); console.log((await rm.findCalls("+393000000001")).length, "by phone", Date.now() - t, "ms");
t = Date.now(); console.log((await rm.findCalls("5000010")).length, "by id", Date.now() - t, "ms");
await rm.close(); await log.close();
