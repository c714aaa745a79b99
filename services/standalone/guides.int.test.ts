import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { vendorEnvironment } from "./installation.ts";
import { scene } from "./scene.ts";

/* Every command of the guides is run as it stands there, against an installation with the twin as its vendors. */

const run = promisify(execFile);
const commands = ["webhooks.md", "recordings.md", "cloudtalk-api.md"].flatMap((guide) => {
  const text = readFileSync(join(import.meta.dirname, "../../docs", guide), "utf8");
  return [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, command = ""], index) => ({ guide, index, command }));
});

const secrets = { CLOUDTALK_WEBHOOK_SECRET: "guide-cloudtalk", GHL_WEBHOOK_SECRET: "guide-ghl" };
const at = scene({}, { environment: secrets });

test("the guides have commands", () => {
  expect(new Set(commands.map(({ guide }) => guide)).size).toBe(3);
});

test.each(commands)("the command $index of $guide works", async ({ command }) => {
  const url = /Callbridge listens on (\S+)/.exec(at.running.output())?.[1];
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", command], {
    env: {
      PATH: process.env.PATH,
      ...vendorEnvironment(at.twin),
      ...secrets,
      CALLBRIDGE_URL: url,
      TWIN_URL: at.twin.url,
    },
  });
  const answer: unknown = JSON.parse(stdout);
  if (command.includes("-webhooks/")) expect(answer).toMatchObject({ verdict: "accepted" });
  else if (command.includes("/twin/calls")) expect(answer).toHaveProperty("callId");
  else expect(answer).toHaveProperty("responseData");
});
