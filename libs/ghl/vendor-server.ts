import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createGhl, type Ghl } from "./client.ts";

export type Seen = { method: string; path: string; query: Record<string, string>; headers: object; json: unknown };
type Answer = { status?: number; json?: unknown; headers?: Record<string, string> };

/** For tests: a vendor that answers by `METHOD /path`, and what it was asked. Gone when the test is over. */
export async function vendor(answers: Record<string, Answer | Answer[] | ((seen: Seen) => Answer)>) {
  const seen: Seen[] = [];
  const operations: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://vendor");
      const text = Buffer.concat(chunks).toString();
      const asked: Seen = {
        method: request.method ?? "",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        json: text === "" ? undefined : JSON.parse(text),
      };
      seen.push(asked);
      const given = answers[`${asked.method} ${asked.path}`];
      const answer = typeof given === "function" ? given(asked) : Array.isArray(given) ? given.shift() : given;
      response.writeHead(answer?.status ?? (answer ? 200 : 404), answer?.headers);
      response.end(answer?.json === undefined ? "" : JSON.stringify(answer.json));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const ghl: Ghl = createGhl({
    token: () => "pit-test",
    locationId: "Location000000000001",
    baseUrl: `${baseUrl}/`,
    gate: {
      pass: async (operation) => void operations.push(operation),
      report: async () => undefined,
    },
  });
  return { ghl, seen, operations, baseUrl };
}
