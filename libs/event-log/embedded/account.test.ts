import { expect, test } from "vitest";
import { mayPass, parsePasswd } from "./account.ts";

const postgres = { name: "postgres", uid: 101, gid: 104 };

test("a folder that only root may enter bars every other user", () => {
  expect(mayPass(postgres, { uid: 0, gid: 0, mode: 0o040700 })).toBe(false);
  expect(mayPass(postgres, { uid: 0, gid: 0, mode: 0o040711 })).toBe(true);
});

test("the first class that fits decides, as in the kernel", () => {
  expect(mayPass(postgres, { uid: 101, gid: 0, mode: 0o040077 })).toBe(false);
  expect(mayPass(postgres, { uid: 0, gid: 104, mode: 0o040701 })).toBe(false);
  expect(mayPass(postgres, { uid: 0, gid: 104, mode: 0o040710 })).toBe(true);
});

test("accounts are read from passwd, whatever else is in it", () => {
  const text = "root:x:0:0:root:/root:/bin/bash\n\n# comment\npostgres:x:101:104:PostgreSQL,,,:/var/lib:/bin/bash\n";
  expect(parsePasswd(text)).toEqual([{ name: "root", uid: 0, gid: 0 }, postgres]);
});
