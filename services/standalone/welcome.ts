import type { Running } from "./standalone.ts";

/** What a person reads after `npm start`. The secret's file is named, not its content. */
export function welcome({ url, config, accounts, twinUrl, waiting }: Running): string {
  const secret = `${config.DATA_DIR}/secrets/cloudtalk-webhook-secret`;
  const body = `{"call_uuid":"hello-1","call_id":4711,"external_number":12025550143,"direction":"incoming","talking_time":0,"is_voicemail":false}`;
  return [
    "",
    `Callbridge listens on ${url}`,
    `  database   ${config.DATABASE_URL ? "DATABASE_URL" : `embedded PostgreSQL in ${config.DATA_DIR}`}`,
    `  bus        ${config.NATS_URL ? "NATS JetStream" : "embedded"}`,
    `  vendors    ${twinUrl ? `a twin of CloudTalk, GoHighLevel and OpenAI at ${twinUrl} (no key is set)` : "real"}`,
    `  account    ${accounts.map(({ name }) => name).join(", ")}`,
    ...waiting.map((line) => `  waiting    ${line}`),
    "",
    "Send it a webhook:",
    `  curl -X POST ${url}/api/cloudtalk-webhooks/call-ended -H "authorization: Bearer $(cat '${secret}')" \\`,
    `    -H 'content-type: application/json' -d '${body}'`,
    "and ask what became of it:  npm run callbridge -- call hello-1",
    ...(twinUrl ? ["", "Or play a whole call and see what the CRM then shows:  npm run demo"] : []),
    "",
  ].join("\n");
}
