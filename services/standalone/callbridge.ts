#!/usr/bin/env node
import { type CliDeps, runCommandLine } from "@callbridge/cli";
import { hasVendorKey, type InstallationConfig, lookOnlyPlatform, readRuntimeFile } from "@callbridge/service";

/** `callbridge …`, `npm run callbridge -- …`: the command line, with the services of this build to look at. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
// Whoever read has enough. The command ends by itself, and takes along what it started.
process.stdout.on("error", () => interrupted.abort());

const services: CliDeps["services"] = async (config, base) => {
  const build = await import("./services.ts");
  const platform = lookOnlyPlatform(base, "default");
  const seen = asItRuns(config);
  return build.services.map((compose) => {
    const composed = compose(seen, platform);
    // With every vendor named nothing can be missing.
    if ("missing" in composed) throw new Error(`${composed.name} misses ${composed.missing.join(" and ")}`);
    return composed;
  });
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: () => new Date(),
  signal: interrupted.signal,
  services,
});

/**
 * The configuration as the services see it, with a name for every vendor that is not configured: handlers are looked at,
 * the platform lets no request through, and what cannot be asked shall not keep anyone from seeing what is decided.
 */
function asItRuns(config: InstallationConfig): InstallationConfig {
  const nobody = "http://vendor.invalid";
  const usesTwin = !hasVendorKey(config) && readRuntimeFile(config.DATA_DIR)?.twinUrl !== undefined;
  const isUnset = !config.OPENAI_API_KEY && !config.OPENAI_BASE_URL;
  return {
    ...config,
    cloudtalk: config.cloudtalk ?? { keyId: "none", secret: "none" },
    // Also instead of OAuth, whose token would be renewed for a request that is never sent.
    ghl: { token: "none", locationId: config.ghl?.locationId ?? "none" },
    ...(isUnset && { OPENAI_BASE_URL: nobody }),
    // A demo logs calls and writes links; without them every call would seem to be worth another note.
    ...(usesTwin && {
      linksAreReachable: true,
      GHL_CONVERSATION_PROVIDER_ID: config.GHL_CONVERSATION_PROVIDER_ID ?? "twin",
    }),
  };
}
