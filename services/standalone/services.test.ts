import { createKeyring } from "@callbridge/event-log";
import { lookOnlyPlatform, readConfig } from "@callbridge/service";
import { memoryLog } from "@callbridge/testing";
import { expect, test } from "vitest";
import { services } from "./services.ts";

const keyring = createKeyring(Buffer.alloc(32).toString("base64"));
const platform = lookOnlyPlatform({ log: memoryLog(), keyring, clock: () => new Date() }, "default");
const waiting = (environment: Record<string, string>) =>
  services.flatMap((compose) => {
    const service = compose(readConfig(environment), platform);
    return "missing" in service ? [`${service.name} needs ${service.missing.join(" and ")}`] : [];
  });

test("a service whose vendor is not configured waits and says for what; the others work", () => {
  const vendors = { CLOUDTALK_API_KEY: "id:secret", GHL_API_KEY: "pit-1", GHL_LOCATION_ID: "location" };
  expect(waiting({ ...vendors, OPENAI_API_KEY: "sk-1" })).toEqual([]);
  expect(waiting(vendors)).toEqual(["analysis needs OPENAI_API_KEY"]);
  expect(waiting({})).toEqual([
    "contact-sync needs CLOUDTALK_API_KEY and GHL_API_KEY",
    "recording needs CLOUDTALK_API_KEY",
    "analysis needs OPENAI_API_KEY",
    "ghl-writer needs GHL_API_KEY",
  ]);
});
