import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogEvent } from "@callbridge/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  callbackVerdicts,
  customNamesVerdict,
  type FixtureVerdict,
  nativeVerdicts,
  webhookVerdicts,
} from "./fixture-verdicts.ts";
import { bytesOf, type Ingress, openIngress, signedBySvix } from "./given.ts";

/* Real and documented webhooks lie beside the repository, not in it: elsewhere this file checks nothing and says so. */

const folder = join(import.meta.dirname, "../../../shared/fixtures");
const files = existsSync(folder) ? readdirSync(join(folder, "webhooks")) : [];
const names = files.map((file) => file.replace(/\.json$/, ""));

type Sample = { name: string; endpoint: string; body: unknown; expected: FixtureVerdict | undefined };

const callEnded = "/api/cloudtalk-webhooks/call-ended";
const samples: Sample[] = names.length === 0 ? [] : [...webhooks(), ...native(), ...callbacks(), customNames()];

let ingress: Ingress;
beforeAll(async () => {
  ingress = await openIngress();
});
afterAll(() => ingress.close());

test("every webhook beside the repository is checked", ({ annotate }) => {
  if (samples.length === 0) {
    process.stdout.write("The webhooks of ../shared/fixtures were not checked: the folder is not here.\n");
    return void annotate("the folder is not here: no fixture was checked");
  }
  expect(names.toSorted()).toEqual(Object.keys(webhookVerdicts).toSorted());
});

for (const { name, endpoint, body, expected } of samples) {
  if (expected === undefined) continue;
  test(`${name}: ${expected.says}`, async () => {
    const own = ingress.as(name);
    const first = await own.post(endpoint, body);
    const verdict = expected.events.length > 0 ? "accepted" : "ignored";
    expect(first).toMatchObject({ status: 202, verdict });
    expect(first.because ?? "").toContain(expected.because ?? "");

    const events = await own.events();
    expect(events.map(essence)).toEqual(expected.events);
    expect(first.eventIds).toEqual(events.map((event) => event.id));
    expect(showsNothingPersonal(events)).toBe(true);

    ingress.clock.now = new Date(ingress.clock.now.getTime() + 150_000);
    const second = await own.post(endpoint, body);
    // That somebody was changed is a hint to look, and said again it is another one; everything else happened once.
    const isHint = expected.events.some(({ type, data }) => type === "contact.reported" && data.change === "updated");
    const repeated = isHint ? "accepted" : expected.events.length > 0 ? "duplicate" : "ignored";
    expect(second).toMatchObject({ status: 202, verdict: repeated });
    if (!isHint) expect(second.eventIds).toEqual(first.eventIds);
    expect((await own.events()).map(essence)).toEqual([...expected.events, ...(isHint ? expected.events : [])]);
    expect((await own.inbox()).map((delivery) => [delivery.verdict, delivery.body])).toEqual([
      [verdict, bytesOf(body)],
      [repeated, bytesOf(body)],
    ]);
  });
}

if (samples.length > 0) describe("together", together);

function together() {
  const sampleOf = (name: string): Sample => {
    const sample = samples.find((one) => one.name === name);
    if (!sample) throw new Error(`there is no fixture ${name}`);
    return sample;
  };

  test("a start without any id that comes twice at once is one call", async () => {
    const own = ingress.as("twice at once");
    const { endpoint, body } = sampleOf("call-started--no-call-identifier");
    const answers = await Promise.all([own.post(endpoint, body), own.post(endpoint, body)]);
    expect(answers.map((answer) => answer.verdict).toSorted()).toEqual(["accepted", "duplicate"]);
    expect(answers[0]?.eventIds).toEqual(answers[1]?.eventIds);
    expect(await own.events()).toHaveLength(1);
  });

  test("a start and an end with the same uuid are one call, whichever of its ids is asked for", async () => {
    const own = ingress.as("one call");
    for (const name of ["call-started--uuid-and-names-no-call-id", "call-ended--rich-answered-talking-45"]) {
      const { endpoint, body } = sampleOf(name);
      await own.post(endpoint, body);
    }
    const { events } = await own.platform.log.stream("one call", "call:n:1000000008");
    expect(events.map((event) => event.type)).toEqual(["call.started", "call.ended"]);
  });

  test("an end by uuid and a recording by number do not meet by their phones", async () => {
    const own = ingress.as("strangers");
    for (const name of ["call-ended--real-uuid-only-counter-null", "call-recording-ready--real-after-call-ended"]) {
      const { endpoint, body } = sampleOf(name);
      await own.post(endpoint, body);
    }
    expect((await own.platform.log.stream("strangers", "call:n:1000000021")).events).toHaveLength(1);
  });

  test("native events that share an event_id are all kept, because only the delivery's id says what a repeat is", async () => {
    const own = ingress.as("one event_id");
    for (const { endpoint, body } of native()) await own.post(endpoint, body);
    expect((await own.events()).map((event) => event.type)).toEqual([
      ...["call.ended", "call.ended", "call.recording_ready", "call.transcript_ready"],
    ]);
  });

  test("a signed delivery that comes again is a duplicate, also when nothing was made of it", async () => {
    const own = ingress.as("again");
    for (const [index, { endpoint, body }] of native().entries()) {
      const headers = signedBySvix(bytesOf(body), { id: `msg_again_${index}` });
      expect((await own.post(endpoint, body, headers)).verdict).not.toBe("duplicate");
      expect((await own.post(endpoint, body, headers)).verdict).toBe("duplicate");
    }
    expect(await own.events()).toHaveLength(4);
  });

  test("the path that the pipeline's webhook had in former installations still takes it", async () => {
    const own = ingress.as("former path");
    const { body, endpoint } = sampleOf("pipeline-stage-changed--ghl-nested-documented");
    const first = await own.post("/api/ghl-webhooks/pipeline-change", body);
    expect(first.verdict).toBe("accepted");
    expect(await own.post(endpoint, body)).toMatchObject({ verdict: "duplicate", eventIds: first.eventIds });
  });
}

function webhooks(): Sample[] {
  return names.map((name) => {
    const { endpoint, body } = read(`webhooks/${name}.json`);
    return { name, endpoint, body, expected: webhookVerdicts[name] };
  });
}

function native(): Sample[] {
  const { events } = read("cloudtalk/native.events.json");
  return nativeVerdicts.map((expected, index) => {
    return { name: `native ${index + 1}`, endpoint: "/api/cloudtalk-webhooks", body: events[index], expected };
  });
}

function callbacks(): Sample[] {
  const { bodies } = read("cloudtalk/wa.custom-callback.json");
  return callbackVerdicts.map((expected, index) => {
    return { name: `custom callback ${index + 1}`, endpoint: callEnded, body: bodies[index], expected };
  });
}

function customNames(): Sample {
  const { body } = read("cloudtalk/wa.custom-names-call-ended.json");
  return { name: "custom names", endpoint: callEnded, body, expected: customNamesVerdict };
}

function read(file: string) {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

function essence({ type, stream, data, personal }: LogEvent) {
  return { type, stream, data, personal };
}

/** Whatever leaves for the bus or a log line: everything but the personal part. Tags and stages are no personal data. */
function showsNothingPersonal(events: LogEvent[]): boolean {
  return events.every(({ personal, ...visible }) => {
    const text = JSON.stringify(visible);
    return textsIn(personal).every((part) => !text.includes(part) && !text.includes(part.replace("+", "")));
  });
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
