export { takeOwnership } from "./ownership.ts";
export { type EmbeddedPostgres, startEmbeddedPostgres } from "./start.ts";
