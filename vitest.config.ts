import { defineConfig } from "vitest/config";
import { natsIsAvailable } from "./libs/testing/servers.ts";

const setupFiles = ["./libs/testing/no-vendors.ts"];
const integration = {
  setupFiles,
  exclude: ["**/node_modules/**"],
  globalSetup: ["./libs/testing/global-setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
const jetstream = { name: "jetstream", include: ["{libs,services}/**/*.nats.test.ts"], ...integration };
const withJetstream = natsIsAvailable(process.env);

// In CI a missing server is a failure, not a reason to test less.
if (process.env.CI && !withJetstream) throw new Error("CI needs NATS: set NATS_URL or install nats-server");

export default defineConfig({
  test: {
    reporters: ["default", ["./libs/testing/last-line.ts", { withJetstream }]],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{libs,services}/**/*.test.ts", "*.test.ts"],
          setupFiles,
          exclude: ["**/*.{int,nats}.test.ts", "**/node_modules/**"],
        },
      },
      { test: { name: "integration", include: ["{libs,services}/**/*.int.test.ts"], ...integration } },
      ...(withJetstream ? [{ test: jetstream }] : []),
    ],
  },
});
