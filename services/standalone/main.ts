import { runProcess } from "@callbridge/service";
import { startStandalone } from "./standalone.ts";
import { welcome } from "./welcome.ts";

/** `npm start`: everything in one process, with nothing but Node on the machine. */
await runProcess(async () => {
  const running = await startStandalone(process.env);
  console.log(welcome(running));
  return running;
});
