import { createServer } from "node:http";

/** Passes requests on and keeps every word of them, to see what leaves an installation. For tests. */
export async function recordingProxy(target: string) {
  const sent: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    sent.push([request.method, request.url, JSON.stringify(request.headers), body.toString("utf8")].join("\n"));
    const { host: _, connection: __, "transfer-encoding": ___, "content-length": ____, ...headers } = request.headers;
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const answer = await fetch(`${target}${request.url}`, {
      ...{ method: request.method ?? "GET", headers: headers as Record<string, string> },
      ...(hasBody && { body }),
    });
    const { "content-encoding": _____, "content-length": ______, ...answered } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, answered);
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    sent: () => sent,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
