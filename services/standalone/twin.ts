import { parseArgs } from "node:util";
import { runProcess } from "@callbridge/service";
import { startTwin } from "@callbridge/twin";

/** `npm run twin -- --port 4000`: the twin as a process of its own; its first line is what others need to use it, as JSON. */
await runProcess(async () => {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const twin = await startTwin({ port: Number(values.port) });
  const { url, urls, credentials } = twin;
  console.log(JSON.stringify({ url, urls, credentials }));
  return { stop: () => twin.close() };
});
