import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * `named`: the operator listed it, so its address may be private and plain http is fine. `vendor`: one of CloudTalk's own
 * hosts, reached by https at public addresses only.
 */
export type Permission = "named" | "vendor";

const defaultPorts = new Map([
  ["https:", "443"],
  ["http:", "80"],
]);

/**
 * Which URLs may be fetched. `named` holds `host` (any port) or `host:port`; CloudTalk's hosts need no mention. Throws for
 * an entry that is neither, so that a typing error stops the boot. `URL` has already turned decimal, octal and hexadecimal
 * spellings of an address into the plain one.
 */
export function allowList(named: readonly string[]): (url: URL) => Permission | undefined {
  const entries = new Set(named.map(normalised));
  return (url) => {
    const port = url.port || defaultPorts.get(url.protocol);
    if (port === undefined || url.username !== "" || url.password !== "") return undefined;
    if (entries.has(url.hostname) || entries.has(`${url.hostname}:${port}`)) return "named";
    const vendor = url.protocol === "https:" && port === "443" && url.hostname.endsWith(".cloudtalk.io");
    return vendor ? "vendor" : undefined;
  };
}

function normalised(entry: string): string {
  const [, host, port] = /^(\[[^\]]+\]|[^\s:[\]/@?#]+)(?::(\d{1,5}))?$/.exec(entry.trim()) ?? [];
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  if (!url) throw new Error(`"${entry}" is neither host nor host:port`);
  return port === undefined ? url.hostname : `${url.hostname}:${Number(port)}`;
}

/**
 * True for addresses of the public internet only: not private, loopback, link-local (the cloud's metadata), CGNAT, unique
 * local, multicast, reserved, nor an IPv6 form that carries an IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  // Global unicast is 2000::/3 so far; ipaddr.js also calls the unassigned rest "unicast", such as ::10.0.0.1.
  return parsed.kind() === "ipv4" || (parsed.toByteArray()[0] ?? 0) >> 5 === 1;
}

/** A host as it may be shown: long numbers are masked, as they could be anything. */
export function shownHost(url: URL): string {
  return url.hostname.replace(/\d{5,}/g, "<number>");
}
