import type { Reporter, TestModule } from "vitest/node";

/** Ends a test run with one line that says what was counted, and what could not be tested on this machine. */
export default class LastLine implements Reporter {
  private readonly withJetstream: boolean;

  constructor(options: { withJetstream: boolean }) {
    this.withJetstream = options.withJetstream;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const passed = count("passed");
    // A test that was never run in a file that broke counts as failed.
    const failed = count("failed") + count("pending") + modules.filter((module) => module.errors().length > 0).length;
    process.on("exit", () => {
      if (!this.withJetstream) console.log("JetStream was not tested: no NATS_URL, no Docker and no nats-server here.");
      console.log(`${passed} passed, ${failed} failed`);
    });
  }
}
