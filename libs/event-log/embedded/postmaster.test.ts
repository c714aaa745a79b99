import { expect, test } from "vitest";
import { servedDirectory } from "./orphan.ts";
import { parsePostmaster } from "./postmaster.ts";

test("a pid file tells process, port and whether the server takes connections", () => {
  const text = "13347\n/data/cluster\n1795345638\n45649\n\n127.0.0.1\n  2171678        58\n";
  expect(parsePostmaster(`${text}ready   \n`)).toEqual({ pid: 13347, port: 45649, ready: true });
  expect(parsePostmaster(`${text}starting\n`)).toEqual({ pid: 13347, port: 45649, ready: false });
});

test("a pid file that is empty, torn or nonsense names no server", () => {
  expect(parsePostmaster("")).toBeUndefined();
  expect(parsePostmaster("\0\0\0\0")).toBeUndefined();
  expect(parsePostmaster("-5\n")).toBeUndefined();
  expect(parsePostmaster("13347\n/data/clu")).toEqual({ pid: 13347, port: undefined, ready: false });
});

test("a command line tells which directory a server serves", () => {
  expect(servedDirectory("/n/bin/postgres -D /home/a b/.data/cluster -c fsync=on -c port=1 ")).toBe(
    "/home/a b/.data/cluster",
  );
  expect(servedDirectory('"C:\\n\\postgres.exe" -D "C:\\my data\\cluster" -c fsync=on')).toBe("C:\\my data\\cluster");
  expect(servedDirectory("/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main")).toBe(
    "/var/lib/postgresql/15/main",
  );
});

test("other programs, and a server's own helpers, serve no directory", () => {
  expect(servedDirectory("node services/standalone/main.ts ")).toBeUndefined();
  expect(servedDirectory("rsync -D /home/a/.data/cluster ")).toBeUndefined();
  expect(servedDirectory("postgres: checkpointer ")).toBeUndefined();
});
