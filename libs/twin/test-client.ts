import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Twin } from "./twin.ts";

/** A status and a parsed body. */
export type Got = { status: number; body: Record<string, unknown>; headers: Headers };

/** Asks the twin as a well-behaved client of each vendor would. */
export function clientOf(twin: Twin) {
  const { credentials, urls } = twin;
  const basic = `Basic ${Buffer.from(`${credentials.cloudtalkKeyId}:${credentials.cloudtalkSecret}`).toString("base64")}`;
  const ask = async (url: string, method: string, headers: Record<string, string>, body: unknown): Promise<Got> => {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(url, {
      method,
      headers: { ...headers, ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") && text !== "";
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : { text } };
  };
  return {
    core: (method: string, path: string, body?: unknown) =>
      ask(urls.cloudtalk + path, method, { authorization: basic }, body),
    analytics: (id: string) => ask(`${urls.analytics}/calls/${id}`, "GET", { authorization: basic }, undefined),
    ghl: (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      ask(
        urls.ghl + path,
        method,
        { authorization: `Bearer ${credentials.ghlToken}`, version: "2021-07-28", ...headers },
        body,
      ),
    openai: (path: string, body: unknown) =>
      ask(urls.openai + path, "POST", { authorization: `Bearer ${credentials.openaiKey}` }, body),
    twin: (method: string, path: string, body?: unknown) => ask(`${twin.url}/twin${path}`, method, {}, body),
  };
}

export type Delivery = { path: string; headers: Record<string, unknown>; raw: string; body: Record<string, unknown> };

/** Stands where Callbridge would and keeps what is delivered. */
export async function receiver(): Promise<{ url: string; deliveries: Delivery[]; close: () => Promise<void> }> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks).toString();
      deliveries.push({ path: request.url ?? "", headers: request.headers, raw, body: JSON.parse(raw) });
      response.writeHead(202, { "content-type": "application/json" }).end('{"verdict":"accepted","eventIds":[]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    deliveries,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A clock that stands still until it is moved. */
export function standingClock(start = "2026-11-22T09:00:00.000Z"): { now: () => Date; move: (ms: number) => void } {
  let ms = Date.parse(start);
  return {
    now: () => new Date(ms),
    move: (by) => {
      ms += by;
    },
  };
}
