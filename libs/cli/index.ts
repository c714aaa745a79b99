export type { CliDeps } from "./deps.ts";
export { createProgram, runCommandLine } from "./program.ts";
