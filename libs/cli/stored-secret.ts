import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A secret that an installation made for itself (`ownSecret` of libs/service). Undefined: it has none, and gets none here. */
export function storedSecret(dataDir: string, name: string): { file: string; secret: string } | undefined {
  const file = join(dataDir, "secrets", name);
  return existsSync(file) ? { file, secret: readFileSync(file, "utf8").trim() } : undefined;
}
