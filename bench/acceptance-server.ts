import { fastify } from "fastify";
import { createLogger, notReady, openPlatform, readConfig } from "../libs/service/index.ts";
import { composeIngress } from "../services/ingress/main.ts";

/* A process of its own that serves both sides of the acceptance benchmark; one is idle while the other is measured. */

export type Serve = { databaseUrl: string; dataKey: string; secret: string; dataDir: string };
export type Served = { bareUrl: string; ingressUrl: string };

async function serve({ databaseUrl, dataKey, secret, dataDir }: Serve): Promise<Served> {
  const config = readConfig({ DATA_DIR: dataDir, CLOUDTALK_WEBHOOK_SECRET: secret, GHL_WEBHOOK_SECRET: secret });
  const logger = createLogger(config.LOG_LEVEL);
  const platform = await openPlatform({ config, databaseUrl, dataKey, logger, migrate: false });
  const ingress = composeIngress(config, [{ name: "default", config }], platform, () => notReady([], platform));
  const bare = fastify();
  bare.post("/", async (_request, reply) => reply.code(202).send({ verdict: "accepted", eventIds: [] }));
  const host = "127.0.0.1";
  const urls = {
    bareUrl: await bare.listen({ port: 0, host }),
    ingressUrl: `${await ingress.listen({ port: 0, host })}/api/cloudtalk-webhooks/call-ended`,
  };
  process.once("disconnect", async () => {
    await Promise.all([bare.close(), ingress.close()]);
    await platform.close();
  });
  return urls;
}

process.once("message", async (message: Serve) => {
  process.send?.(await serve(message));
});
