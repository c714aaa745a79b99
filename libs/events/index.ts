export * from "./call.ts";
export * from "./catalogue.ts";
export * from "./effect.ts";
export * from "./event.ts";
export * from "./normalised.ts";
export * from "./streams.ts";
