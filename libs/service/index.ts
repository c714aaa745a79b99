export {
  type Config,
  ConfigError,
  describeConfig,
  type Environment,
  hasVendorKey,
  ownSecret,
  readConfig,
} from "./config.ts";
export { type AnyEffect, type EffectContext, type EffectDefinition, type Observed, settleMs } from "./effects.ts";
export { type AfterError, afterError, Permanent, RetryLater } from "./errors.ts";
export type { AnyHandler, Context, Decision, Fact, Handler, Wake } from "./handler.ts";
export { createLogger } from "./logger.ts";
export { type Platform, type Service, startService } from "./service.ts";
