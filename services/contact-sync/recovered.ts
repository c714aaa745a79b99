import type { CallDetails, HistoryRow } from "@callbridge/cloudtalk";
import { catalogue, stream } from "@callbridge/events";
import type { Fact } from "@callbridge/service";

/** A call that CloudTalk's own records show, whether or not a webhook ever came: under its numeric id, once. */
export function recovered(call: CallDetails | HistoryRow): Fact {
  const name = stream.callById(call.callId);
  return {
    type: "call.recovered",
    stream: name,
    key: { fact: `${name}/recovered` },
    data: catalogue["call.recovered"].data.parse(call),
    personal: catalogue["call.recovered"].personal.parse(call),
  };
}
