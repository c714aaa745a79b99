import { VendorError } from "@callbridge/vendor";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function logged(error: unknown): string {
  const lines: string[] = [];
  createLogger("info", { write: (line) => void lines.push(line) }).warn({ err: error }, "went wrong");
  return lines.join("");
}

test("an error is logged with what helps, its causes among it", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const line = JSON.parse(logged(new Error("the database does not answer", { cause: refused })));
  expect(line.err).toMatchObject({
    type: "Error",
    message: "the database does not answer",
    cause: { code: "ECONNREFUSED" },
  });
  expect(line.err.stack[0]).toContain("logger.test.ts");
});

test("bodies, rows and quoted texts of an error do not reach the log", () => {
  const row = Object.assign(new Error("duplicate key"), { detail: "Key (phone)=(+12025550143) exists" });
  const error = new VendorError({
    vendor: "ghl",
    operation: "contacts.create",
    consequence: "refused",
    status: 422,
    detail: "jane@example.com is taken",
    body: { email: "jane@example.com" },
    cause: row,
  });
  expect(logged(error)).not.toMatch(/jane@example\.com|2025550143/);
  expect(JSON.parse(logged(error)).err).toMatchObject({ status: 422, consequence: "refused" });
});
