export * from "./errors.ts";
export type * from "./handler.ts";
