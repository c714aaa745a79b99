import type { StoredEvent } from "@callbridge/event-log";
import { expect, test } from "vitest";
import { toCloudEvent, toCsv, toNdjson, toTableLine } from "./event-format.ts";

const event: StoredEvent = {
  position: 7,
  id: "019a0000-0000-7000-8000-000000000001",
  account: "default",
  stream: "call:n:1",
  type: "call.tagged",
  version: 1,
  key: "call:n:1/tag",
  time: new Date("2026-11-22T10:00:00Z"),
  recordedAt: new Date("2026-11-22T10:00:01Z"),
  source: "cloudtalk",
  correlationId: "delivery-1",
  causationId: null,
  traceparent: null,
  data: { tag: "lead, hot" },
  personal: { externalPhone: "+12025550143" },
  erased: false,
};
const masked = { personal: false };
const whole = { personal: true };

test("an event is a CloudEvent with its personal data masked", () => {
  expect(toCloudEvent(event, masked)).toMatchObject({
    specversion: "1.0",
    type: "call.tagged",
    subject: "call:n:1",
    position: 7,
    recordedat: "2026-11-22T10:00:01.000Z",
    data: { tag: "lead, hot", personal: { externalPhone: "•••43" } },
  });
});

test("personal data is whole when it is asked for", () => {
  expect(toNdjson([event], whole)).toContain("+12025550143");
  expect(toNdjson([event], masked)).not.toContain("2025550143");
});

test("erased personal data is said to be erased", () => {
  expect(toCloudEvent({ ...event, personal: undefined, erased: true }, whole)).toMatchObject({
    erased: true,
    data: { tag: "lead, hot" },
  });
});

test("a cell never becomes a formula of a spreadsheet", () => {
  expect(toCsv([{ ...event, stream: "=cmd()" }], masked)).toContain(",'=cmd(),");
});

test("a CSV row quotes its JSON", () => {
  expect(toCsv([event], masked)).toContain('"{""tag"":""lead, hot""}","{""externalPhone"":""•••43""}"\n');
});

test("a line of the table tells what the event says in short", () => {
  expect(toTableLine(event, masked, undefined)).toMatch(
    /^ {7}7 {2}2026-11-22 10:00:00Z {2}call\.tagged .* tag=lead, hot externalPhone=•••43$/,
  );
});
