import type { Delivery, Normalised, NormaliserContext } from "@callbridge/events";
import { appEventOf, normaliseAppEvent } from "./app-events.ts";
import { readReport } from "./report.ts";
import { normaliseWorkflow } from "./workflow-events.ts";

/** Keys that tests of a connection send, alone. */
const probeKeys = /^(test|ping|health|healthcheck|probe|hello)$/i;

/**
 * What a webhook of GHL says, in canonical events. Takes every shape that GHL or an operator's template is known to
 * send (facts/ghl.md §4, §5), never throws and never refuses: what is not understood is parked with advice.
 */
export function normaliseGhl({ endpoint, body, receivedAt }: Delivery, context: NormaliserContext): Normalised {
  if (body === undefined) {
    return {
      verdict: "parked",
      because:
        "The body is not JSON. A Custom Webhook's body breaks when a merged value (a note, a name) holds a quote or a " +
        "line break: use the standard Webhook action, which needs no template.",
    };
  }
  if (body === null || body === "") return { verdict: "ignored", because: "The body is empty." };
  if (typeof body !== "object" || (Array.isArray(body) && body.length > 0)) {
    return { verdict: "parked", because: "The body is not a JSON object: one event per request is expected." };
  }
  const names = Object.keys(body);
  if (names.length === 0) return { verdict: "ignored", because: "The body is empty." };
  if (names.every((name) => probeKeys.test(name))) return { verdict: "ignored", because: "A test of the connection." };

  const report = readReport(body, receivedAt, context);
  const appEvent = appEventOf(endpoint, report);
  return appEvent === undefined ? normaliseWorkflow(endpoint, report) : normaliseAppEvent(appEvent, report);
}
