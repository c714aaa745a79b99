import { expect, test } from "vitest";
import { standard } from "./deliver.ts";
import { ghlDeliveryId, ghlLocationOf } from "./delivery.ts";

test("a delivery's id is the vendor's own, and no other field's", () => {
  expect(ghlDeliveryId({ type: "ContactCreate", webhookId: "b1f2" })).toBe("b1f2");
  expect(ghlDeliveryId({ customData: { webhookId: "b1f2" } })).toBeUndefined();
  expect(ghlDeliveryId({ webhookId: 7 })).toBeUndefined();
  expect(ghlDeliveryId(undefined)).toBeUndefined();
});

test("the location is found in every kind of payload", () => {
  expect(ghlLocationOf(standard)).toBe("LocationAda000000001");
  expect(ghlLocationOf({ type: "ContactCreate", locationId: "L" })).toBe("L");
  expect(ghlLocationOf({ event: "new-contact", location_id: "L" })).toBe("L");
  expect(ghlLocationOf({ contact_id: "C" })).toBeUndefined();
  expect(ghlLocationOf(undefined)).toBeUndefined();
});
