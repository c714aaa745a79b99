export type { CliDeps } from "./deps.ts";
export { readRuntimeFile } from "./open-log.ts";
export { createProgram, runCommandLine } from "./program.ts";
