import { describe } from "vitest";
import { mainRoad } from "./main-road.ts";
import { scene } from "./scene.ts";

const at = scene();

describe("the main road over the embedded bus", () => {
  mainRoad(() => ({ ...at, log: at.fresh.log }));
});
