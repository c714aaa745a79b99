import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bounded, TooSlow } from "./body.ts";
import { linkSources, type Opened } from "./download.ts";

const limits = { answerMs: 300, redirectsMax: 3 };
let server: Server;
let port: number;
let answer: RequestListener;
let asked: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(address && typeof address === "object");
  port = address.port;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  answer = (_request, response) => void response.end("audio");
});

type Options = Partial<Parameters<typeof linkSources>[0]>;

/** Opens a link and reads what comes, then ends everything as the handler does. */
async function fetched(link: string, { signal, ...options }: Options & { signal?: AbortSignal } = {}) {
  const stop = new AbortController();
  try {
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    const opened = await linkSources({ allowedHosts: [`127.0.0.1:${port}`], limits, ...options })(link)(both);
    return "body" in opened ? { text: await text(opened, both), contentLength: opened.contentLength } : opened;
  } finally {
    stop.abort();
  }
}

async function text({ body, contentLength: declared }: Extract<Opened, { body: unknown }>, signal: AbortSignal) {
  const parts: Uint8Array[] = [];
  for await (const part of bounded(body, { idleMs: 200, totalMs: 500, declared, signal })) parts.push(part);
  return Buffer.concat(parts).toString();
}

const here = (path = "/r/secret.wav") => `http://127.0.0.1:${port}${path}`;
const notAllowed = expect.objectContaining({ refused: "not-allowed" });
const answering = (status: number, headers = {}) => {
  answer = (_request, response) => void response.writeHead(status, headers).end("{}");
};

describe("a link to a named host", () => {
  it("is fetched, as it is and uncompressed", async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    answer = (request, response) => {
      headers = request.headers;
      response.end("audio");
    };
    expect(await fetched(here("/r/a%20b?x=1"))).toEqual({ text: "audio", contentLength: 5 });
    expect(asked).toEqual([`127.0.0.1:${port}/r/a%20b?x=1`]);
    expect(headers).toMatchObject({ "user-agent": "callbridge", "accept-encoding": "identity" });
  });

  it("is not there yet, or gone, by its status", async () => {
    for (const status of [400, 401, 403, 404, 429]) {
      answering(status);
      expect(await fetched(here())).toEqual({ notYet: true, detail: `the link answered ${status}` });
    }
    answering(410);
    expect(await fetched(here())).toEqual({ gone: true });
  });

  it("fails without showing the link when the server is broken, silent or absent", async () => {
    answering(503);
    await expect(fetched(here())).rejects.toThrow(/^the recording's link answered 503$/);
    answer = () => {};
    await expect(fetched(here())).rejects.toThrow(/^the recording's link could not be read: no answer within 300 ms$/);
    answer = (request) => void request.destroy();
    await expect(fetched(here())).rejects.toThrow(/^the recording's link could not be read: UND_ERR_SOCKET$/);
    const resolve = () => Promise.reject(Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }));
    const unknown = fetched("http://nowhere.example/secret", { allowedHosts: ["nowhere.example"], resolve });
    await expect(unknown).rejects.toThrow(/^the recording's link could not be read: ENOTFOUND$/);
  });

  it("stops when the service drains", async () => {
    const controller = new AbortController();
    answer = (_request, response) => {
      response.write("au");
      controller.abort(new Error("draining"));
    };
    await expect(fetched(here(), { signal: controller.signal })).rejects.toThrow("draining");
  });
});

describe("a link that must not be fetched", () => {
  it("is refused for its host before anything is asked or resolved", async () => {
    const resolve = () => Promise.reject(new Error("must not be resolved"));
    const links = [
      `http://localhost:${port}/`,
      "http://127.0.0.1:1/",
      "https://evil.example/",
      `http://[::1]:${port}/`,
    ];
    const tricks = [
      `http://2130706434:${port}/`,
      `http://u:p@127.0.0.1:${port}/`,
      "file:///etc/passwd",
      "not a link",
      "",
    ];
    for (const link of [...links, ...tricks]) expect(await fetched(link, { resolve })).toEqual(notAllowed);
    expect(asked).toEqual([]);
  });

  it("is refused when an allowed name has an address that is not public", async () => {
    for (const address of [
      "127.0.0.1",
      "10.0.0.1",
      "169.254.169.254",
      "100.64.1.1",
      "::1",
      "fd00::1",
      "::ffff:7f00:1",
    ]) {
      const family = address.includes(":") ? 6 : 4;
      const resolve = async () => [
        { address: "1.1.1.1", family: 4 },
        { address, family },
      ];
      expect(await fetched("https://my.cloudtalk.io/pub/r/secret", { resolve })).toEqual({
        refused: "not-allowed",
        detail: "host my.cloudtalk.io has an address that is not public",
      });
    }
  });

  it("is refused after a redirect too, even one that is followed", async () => {
    const inside = [
      "http://169.254.169.254/latest/meta-data",
      `http://localhost:${port}/`,
      "https://2130706433/",
      "//evil.example/x",
    ];
    for (const location of inside) {
      answering(302, { location });
      expect(await fetched(here())).toEqual(notAllowed);
    }
    answering(307, { location: "https://my.cloudtalk.io/x" });
    const resolve = async (host: string) => [{ address: host === "127.0.0.1" ? host : "10.0.0.1", family: 4 }];
    expect(await fetched(here(), { resolve })).toEqual(notAllowed);
  });
});

describe("the address that was checked", () => {
  it("is the one that is connected to: no second question to the DNS", async () => {
    let questions = 0;
    const resolve = async () => {
      questions += 1;
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const allowedHosts = ["recordings.invalid"];
    expect(await fetched(`http://recordings.invalid:${port}/x`, { allowedHosts, resolve })).toMatchObject({
      text: "audio",
    });
    expect([questions, asked]).toEqual([1, [`recordings.invalid:${port}/x`]]);
  });

  it("may be written as a number or as a name when it was named", async () => {
    expect(await fetched(`http://2130706433:${port}/x`)).toMatchObject({ text: "audio" });
    expect(await fetched(`http://0177.0.0.1:${port}/x`)).toMatchObject({ text: "audio" });
    expect(await fetched(`http://localhost:${port}/x`, { allowedHosts: ["localhost"] })).toMatchObject({
      text: "audio",
    });
  });
});

describe("redirects", () => {
  const redirecting = (times: number) => {
    answer = ({ url }, response) => {
      const hop = Number(url?.slice(1));
      if (hop < times) response.writeHead(302, { location: `/${hop + 1}` }).end("moved");
      else response.end("audio");
    };
  };

  it("are followed three times and no more", async () => {
    redirecting(3);
    expect(await fetched(here("/0"))).toMatchObject({ text: "audio" });
    redirecting(4);
    expect(await fetched(here("/0"))).toEqual({ notYet: true, detail: "more than 3 redirects" });
  });
});

describe("a body", () => {
  const sending = (send: (response: ServerResponse) => void) => {
    answer = (_request, response) => send(response);
  };

  it("that falls silent, or trickles for ever, is too slow", async () => {
    sending((response) => void response.write("au"));
    await expect(fetched(here())).rejects.toBeInstanceOf(TooSlow);
    const timers: NodeJS.Timeout[] = [];
    sending((response) => void timers.push(setInterval(() => response.write("."), 20)));
    await expect(fetched(here())).rejects.toBeInstanceOf(TooSlow);
    for (const timer of timers) clearInterval(timer);
  });

  it("that ends before its declared length is an outage", async () => {
    sending((response) => response.writeHead(200, { "content-length": 100 }).write("audio", () => response.destroy()));
    await expect(fetched(here())).rejects.toThrow();
    const short = {
      body: (async function* () {
        yield Buffer.from("audio");
      })(),
      contentLength: 6,
    };
    await expect(text(short, new AbortController().signal)).rejects.toThrow("before its declared length");
  });

  it("says how long it claims to be before it is read", async () => {
    sending((response) => void response.writeHead(200, { "content-length": 2 * 1024 ** 3 }).write("x"));
    const stop = new AbortController();
    const opened = await linkSources({ allowedHosts: [`127.0.0.1:${port}`], limits })(here())(stop.signal);
    expect(opened).toMatchObject({ contentLength: 2 * 1024 ** 3 });
    stop.abort();
  });
});
