export { cloudEventOf } from "@callbridge/bus";
export {
  type Account,
  accountsOf,
  type Config,
  describeConfig,
  type Environment,
  type GhlAccess,
  hasVendorKey,
  type InstallationConfig,
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
export { openGate, paceOf } from "./gate.ts";
export type { AnyHandler, Context, Decision, Fact, Handler, Wake } from "./handler.ts";
export { createLogger } from "./logger.ts";
export type { CallRule, MappingSettings, OpportunityRule } from "./mapping-settings.ts";
export { countWebhook, metricsPage } from "./metrics.ts";
export { noteEcho, noteMark, noteMarksIn } from "./note-mark.ts";
export { type AccountPlatform, type OpenPlatform, openPlatform, type PlatformOptions, platformOf } from "./platform.ts";
export {
  type Compose,
  disconnected,
  notReady,
  openOwnPlatform,
  openStorage,
  partsOf,
  runProcess,
  runService,
  type Started,
  waitingFor,
} from "./process.ts";
export { remembered } from "./remembered.ts";
export { readRuntimeFile, writeRuntimeFile } from "./runtime-file.ts";
export { type Composed, type Part, type Platform, type Service, startService } from "./service.ts";
export { ConfigError, type Settings, settingsOf } from "./settings.ts";
export { deleteEventStream } from "./streams.ts";
export { type FieldRule, type SyncSettings, syncSettings } from "./sync-settings.ts";
