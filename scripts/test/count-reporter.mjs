/**
 * @module A vitest reporter that writes how many tests passed and failed to the file `AIRFLARE_TEST_COUNT` names.
 */
import fs from "node:fs";
import process from "node:process";

export default class CountReporter {
  /** A test file that does not load, and an error outside of tests, count as one failure each. */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length };
    for (const testModule of modules) {
      if (testModule.errors().length > 0) count.failed++;
      for (const suite of testModule.children.allSuites()) if (suite.errors().length > 0) count.failed++;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === "passed" || state === "failed") count[state]++;
      }
    }
    fs.writeFileSync(process.env["AIRFLARE_TEST_COUNT"], JSON.stringify(count));
  }
}
