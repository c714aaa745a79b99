import { freshLog, given, until } from "@callbridge/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProjector } from "./projector.ts";
import { openReadModels, type ReadModels } from "./read-models.ts";
import { putEvents } from "./test-log.ts";

let fresh: Awaited<ReturnType<typeof freshLog>>;
let models: ReadModels;
beforeAll(async () => {
  fresh = await freshLog();
  models = openReadModels(fresh);
});
afterAll(async () => {
  await models.close();
  await fresh.drop();
});

test("a running projector takes in what is appended, and goes on after an error", async () => {
  const errors: unknown[] = [];
  let failures = 1;
  const catchUp = async () => {
    if (failures-- > 0) throw new Error("the database is away");
    return models.catchUp();
  };
  const options = { pauseMs: 10, retryMs: 10, onError: (error: unknown) => errors.push(error) };
  const projector = startProjector({ log: fresh.log, readModels: { catchUp }, ...options });
  for (const callUuid of ["a", "b"]) {
    await putEvents(fresh.log, given(["call.ended", { callUuid }]));
    await until("the call is in the table", async () => (await models.findCalls(callUuid)).length === 1);
  }
  expect(errors.map(String)).toEqual(["Error: the database is away"]);
  await projector.stop();
});
