import dns from "node:dns";

/** Names under which the vendors serve. Addresses of our own are local, or named by `DATABASE_URL` and `NATS_URL`. */
const vendors = /(^|\.)(cloudtalk\.io|leadconnectorhq\.com|gohighlevel\.com|msgsndr\.com|openai\.com)\.?$/i;

/** No test rings a real phone or writes into a real CRM, whatever configuration it ends up with: the names do not resolve. */
const resolve = dns.lookup;
dns.lookup = Object.assign(function lookup(name: string, ...rest: unknown[]) {
  if (vendors.test(name)) throw new Error(`no test asks a vendor: ${name}`);
  return Reflect.apply(resolve, dns, [name, ...rest]);
}, resolve);
