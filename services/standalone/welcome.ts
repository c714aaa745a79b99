import type { Running } from "./standalone.ts";

/** What a person reads after `npm start`. The secret's file is named, not its content. */
export function welcome({ url, config, accounts, twinUrl, waiting }: Running): string {
  return [
    "",
    `Callbridge listens on ${url}`,
    `  database   ${config.DATABASE_URL ? "DATABASE_URL" : `embedded PostgreSQL in ${config.DATA_DIR}`}`,
    `  bus        ${config.NATS_URL ? "NATS JetStream" : "embedded"}`,
    `  vendors    ${twinUrl ? `a twin of CloudTalk, GoHighLevel and OpenAI at ${twinUrl} (no key is set)` : "real"}`,
    `  account    ${accounts.map(({ name }) => name).join(", ")}`,
    ...waiting.map((line) => `  waiting    ${line}`),
    "",
    ...(twinUrl ? toTry(url, config.DATA_DIR) : toConnect),
    "",
  ].join("\n");
}

function toTry(url: string, dataDir: string): string[] {
  const secret = `${dataDir}/secrets/cloudtalk-webhook-secret`;
  const body = `{"call_uuid":"hello-1","call_id":4711,"external_number":12025550178,"direction":"incoming","talking_time":0,"is_voicemail":false}`;
  return [
    "Send it a webhook:",
    `  curl -X POST ${url}/api/cloudtalk-webhooks/call-ended -H "authorization: Bearer $(cat '${secret}')" \\`,
    `    -H 'content-type: application/json' -d '${body}'`,
    "and ask what became of it:  npm run callbridge -- call hello-1",
    "",
    "Or play a whole call and see what the CRM then shows:  npm run demo",
  ];
}

/** No call is made up here: it would be written to the real CRM. */
const toConnect = [
  "What to paste into both products:    npm run callbridge -- webhooks",
  "Why a call is, or is not, in the CRM:  npm run callbridge -- call <id or number>",
];
