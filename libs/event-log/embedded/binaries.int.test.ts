import { chmod, mkdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPackage, linkLibraries, prepareBinaries } from "./binaries.ts";
import type { Home } from "./home.ts";
import { makeScratch, namesIn, removeScratch } from "./scratch.ts";

let scratch: string;
let packageDir: string;

beforeEach(async () => {
  scratch = await makeScratch();
  packageDir = join(scratch, "package");
  await mkdir(join(packageDir, "native", "bin"), { recursive: true });
  await mkdir(join(packageDir, "native", "lib"));
  const links = [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }];
  await writeFile(join(packageDir, "native", "pg-symlinks.json"), JSON.stringify(links));
  await writeFile(join(packageDir, "native", "lib", "libpq.so.5.18"), "library", { mode: 0o600 });
  await writeFile(join(packageDir, "native", "lib", "libpq.a"), "static library");
  await writeFile(join(packageDir, "native", "bin", "postgres"), "program", { mode: 0o700 });
  await writeFile(join(packageDir, "package.json"), JSON.stringify({ version: "18.4.0" }));
});
afterEach(async () => {
  await chmod(join(packageDir, "native", "lib"), 0o755);
  await removeScratch(scratch);
});

test("links between libraries are made once, also by several processes at the same time", async () => {
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => linkLibraries(packageDir)));
  expect(outcomes).toEqual([undefined, undefined, undefined, undefined]);
  expect(await linkLibraries(packageDir)).toBeUndefined();
  expect(await readlink(join(packageDir, "native", "lib", "libpq.so.5"))).toBe("libpq.so.5.18");
});

test("a package that PostgreSQL's user cannot use is copied to where it can", async () => {
  const isRoot = process.getuid?.() === 0;
  await chmod(packageDir, 0o700); // bars the other user that root needs
  await chmod(join(packageDir, "native", "lib"), 0o555); // bars the links when we are an ordinary user
  const directory = join(scratch, "home");
  await mkdir(directory, { mode: 0o711 });
  const account = isRoot ? { name: "nobody", uid: 65534, gid: 65534 } : undefined;
  const home: Home = { directory, cluster: join(directory, "cluster"), account };

  const messages: string[] = [];
  const programs = await prepareBinaries({ home, packageDir, log: (message) => messages.push(message) });
  expect(await prepareBinaries({ home, packageDir, log: (message) => messages.push(message) })).toEqual(programs);

  const native = join(directory, "binaries-18.4.0", "native");
  expect(programs.postgres).toBe(join(native, "bin", "postgres"));
  expect((await stat(programs.postgres)).mode & 0o777).toBe(0o755);
  expect((await stat(join(native, "lib", "libpq.so.5.18"))).mode & 0o777).toBe(0o644);
  expect(await readFile(join(native, "lib", "libpq.so.5"), "utf8")).toBe("library");
  expect(await namesIn(join(native, "lib"))).toEqual(["libpq.so.5", "libpq.so.5.18"]);
  expect(await namesIn(directory)).toEqual(["binaries-18.4.0"]);
  expect(messages).toHaveLength(1);
});

test("a platform without programs is told to bring its own PostgreSQL", () => {
  expect(() => findPackage("freebsd", "x64")).toThrow("Set DATABASE_URL");
  expect(() => findPackage("win32", "arm64")).toThrow("no embedded PostgreSQL for windows-arm64");
});
