import { expect, test } from "vitest";
import { explainUnknown } from "./explain-unknown.ts";
import { renderUnknown } from "./render.ts";

const webhook = (source: string, endpoint: string, verdict: string, because: string | null = null) => ({
  ...{ id: endpoint, source, endpoint, verdict, because, receivedAt: new Date("2026-11-22T10:05:00Z") },
});

test("nothing known, and nothing ever arrived: the webhooks are not pointed here", () => {
  expect(renderUnknown(explainUnknown("4711", [webhook("ghl", "new-contact", "accepted")]))).toMatchInlineSnapshot(`
    [
      "Nothing is known of 4711.",
      "No webhook of CloudTalk is among the last ones received: point call-ended and call-recording-ready at /api/cloudtalk-webhooks/… of this installation.",
      "A webhook with a wrong secret is refused with 401 and leaves nothing here: look for "webhook refused" in the log of ingress.",
      "A number needs its country's code (+39…); an id is the number that CloudTalk shows for the call, or its uuid.",
      "",
      "LAST WEBHOOKS",
      "  2026-11-22 10:05:00  ghl new-contact: accepted",
    ]
  `);
});

test("nothing known, and a parked webhook that may be of this call", () => {
  const last = [
    webhook("cloudtalk", "call-ended", "parked", "the body is no JSON"),
    webhook("cloudtalk", "call-started", "accepted"),
  ];
  expect(renderUnknown(explainUnknown("+393000000001", last))).toMatchInlineSnapshot(`
    [
      "Nothing is known of +393000000001.",
      "CloudTalk's webhooks arrive: the last one, call-ended, came at 2026-11-22 10:05:00 UTC (parked). Is the call-ended webhook pointed here for this call's number and team too?",
      "1 of them could not be understood and is kept as parked; one may be of this call: the body is no JSON.",
      "A webhook with a wrong secret is refused with 401 and leaves nothing here: look for "webhook refused" in the log of ingress.",
      "A number needs its country's code (+39…); an id is the number that CloudTalk shows for the call, or its uuid.",
      "",
      "LAST WEBHOOKS",
      "  2026-11-22 10:05:00  cloudtalk call-ended: parked (the body is no JSON)",
      "  2026-11-22 10:05:00  cloudtalk call-started: accepted",
    ]
  `);
});
