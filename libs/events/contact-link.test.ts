import { given } from "@callbridge/testing";
import { expect, test } from "vitest";
import { linksIn } from "./contact-link.ts";

const ids = (cloudtalkContactId: string) => ({ cloudtalkContactId, ghlContactId: "GhlContact0000000002" });

test("links hold until they are taken back, the oldest first", () => {
  const history = given(
    ["contact.linked", ids("1")],
    ["contact.linked", ids("2")],
    ["contact.unlinked", { ...ids("1"), because: "person" }],
    ["contact.linked", ids("1")],
  );
  expect(linksIn(history.slice(0, 2))).toEqual([ids("1"), ids("2")]);
  expect(linksIn(history.slice(0, 3))).toEqual([ids("2")]);
  expect(linksIn(history)).toEqual([ids("2"), ids("1")]);
});
