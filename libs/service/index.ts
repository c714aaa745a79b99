export { cloudEventOf } from "@callbridge/bus";
export {
  type Config,
  describeConfig,
  type Environment,
  type GhlAccess,
  hasVendorKey,
  ownSecret,
  readConfig,
} from "./config.ts";
export { type DryRun, dryRun, lookOnlyPlatform } from "./dry-run.ts";
export {
  type AnyEffect,
  type EffectContext,
  type EffectDefinition,
  type Observed,
  type Performed,
  settleMs,
} from "./effects.ts";
export { type AfterError, afterError, Permanent, RetryLater } from "./errors.ts";
export type { AnyHandler, Context, Decision, Fact, Handler, Wake } from "./handler.ts";
export { createLogger } from "./logger.ts";
export { countWebhook, metricsPage } from "./metrics.ts";
export { type OpenPlatform, openPlatform, type PlatformOptions, sharedWork } from "./platform.ts";
export {
  type Compose,
  type Composed,
  disconnected,
  notReady,
  openOwnPlatform,
  openStorage,
  runProcess,
  runService,
  type Started,
  waitingFor,
} from "./process.ts";
export { readRuntimeFile, writeRuntimeFile } from "./runtime-file.ts";
export { type Platform, type Service, startService } from "./service.ts";
export { ConfigError, type Settings } from "./settings.ts";
export { deleteEventStream } from "./streams.ts";
export { type FieldRule, type SyncSettings, syncSettings } from "./sync-settings.ts";
