export { capabilityOf, refOf } from "./capability.ts";
export { StorageError } from "./errors.ts";
export { createStorage, type Storage, type Stored } from "./storage.ts";
