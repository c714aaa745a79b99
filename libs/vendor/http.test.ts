import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { consequenceOf, VendorError } from "./errors.ts";
import type { GateReport } from "./gate.ts";
import { type VendorRequest, vendorHttp, withoutPersonalData } from "./http.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let answer: Answer;
let url: string;
let reports: GateReport[];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += part;
  });
  request.on("end", () => answer(request, response, body));
});
beforeEach(async () => {
  reports = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const http = vendorHttp({
  vendor: "ghl",
  headers: () => ({ authorization: "Bearer t" }),
  retryAfterMs: (headers) => Number(headers.get("retry-after")) * 1_000,
  errorMessage: (body) => z.object({ message: z.string() }).safeParse(body).data?.message,
  limitOf: (headers) => (headers.has("x-limit") ? { max: Number(headers.get("x-limit")) } : undefined),
  gate: { pass: async () => undefined, report: async (report) => void reports.push(report) },
});
const ask = (more: Partial<VendorRequest<{ id: string }>> = {}) =>
  http.ask({ operation: "things.create", method: "POST", url, answer: z.object({ id: z.string() }), ...more });
const failure = async (more: Partial<VendorRequest<{ id: string }>> = {}): Promise<VendorError> => {
  const error = await ask(more).catch((caught: unknown) => caught);
  if (!(error instanceof VendorError)) throw error;
  return error;
};
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (_request, response) => response.writeHead(status, headers).end(JSON.stringify(body));
};

describe("a request to a vendor", () => {
  test("carries credentials, query and body, and reads the answer tolerantly", async () => {
    answer = (request, response, body) => {
      expect(request.headers).toMatchObject({ authorization: "Bearer t", "content-type": "application/json" });
      expect([request.url, body]).toEqual(["/things?page=2", '{"name":"x"}']);
      response.writeHead(200, { "x-limit": "120" }).end('{"id":"1","more":true}');
    };
    expect(await ask({ query: { page: 2, none: undefined }, json: { name: "x" } })).toEqual({ id: "1" });
    expect(reports).toEqual([{ limit: { max: 120 } }]);
  });

  test.each([
    [400, "refused"],
    [401, "unauthorised"],
    [403, "refused"],
    [404, "refused"],
    [408, "ambiguous"],
    [422, "refused"],
    [425, "ambiguous"],
    [429, "not-applied"],
    [500, "ambiguous"],
    [503, "ambiguous"],
  ] as const)("that is answered with %i is %s", async (status, consequence) => {
    // A number that holds other statuses: the predecessor took it for one of them.
    answer = json(status, { message: "no jane@example.com, +1 403 409 4290" }, { "retry-after": "42" });
    const error = await failure();
    expect(error).toMatchObject({ status, consequence, retryAfterMs: status === 429 ? 42_000 : undefined });
    expect(error.message).toBe(`ghl things.create: ${status} no <e-mail> <number>`);
    expect(consequenceOf(status)).toBe(consequence);
    expect(reports).toEqual([{ error }]);
  });

  test("that only reads applied nothing, however it ended", async () => {
    answer = json(500, {});
    expect(await failure({ method: "GET" })).toMatchObject({ consequence: "not-applied", status: 500 });
  });

  test("that was answered in another shape may well have been applied", async () => {
    answer = json(200, { name: "no id" });
    expect(await failure()).toMatchObject({ consequence: "ambiguous" });
    answer = (_request, response) => response.end("<html>");
    expect(await failure()).toMatchObject({ consequence: "ambiguous" });
  });

  test("whose connection breaks before or within the answer is ambiguous", async () => {
    answer = (request) => request.socket.destroy();
    expect(await failure()).toMatchObject({ consequence: "ambiguous", status: undefined });
    answer = (request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{", () => request.socket.destroy());
    };
    expect(await failure()).toMatchObject({ consequence: "ambiguous" });
  });

  test("that is not answered in time is ambiguous", async () => {
    answer = () => undefined;
    expect(await failure({ timeoutMs: 30 })).toMatchObject({ consequence: "ambiguous" });
  });

  test("that reaches nobody was surely not applied", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    expect(await failure({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ consequence: "not-applied" });
  });

  test("is not led elsewhere with its credentials", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await failure()).toMatchObject({ consequence: "ambiguous" });
  });
});

test("texts of a vendor lose numbers and addresses, and their length", () => {
  expect(withoutPersonalData("contact jane.doe@example.co.uk has +39 02-1234.5678")).toBe(
    "contact <e-mail> has <number>",
  );
  expect(withoutPersonalData("page 12 of 345")).toBe("page 12 of 345");
  expect(withoutPersonalData("x".repeat(10_000)).length).toBeLessThanOrEqual(300);
});
