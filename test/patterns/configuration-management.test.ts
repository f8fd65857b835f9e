/**
 * @module Practice "Configuration Management": variables read at run time, with defaults; params for what a caller decides.
 */
import { config } from "../../airflare.config.ts";
import { configuration } from "../../dags/configuration.ts";
import { dag, task } from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";
import { typedParams } from "../../dags/typed_params.ts";

test("a variable is read when the task runs; a default stands in for a missing one", async () => {
  const run = await testDag(configuration, { variables: { db_host: "db.internal" } });
  expect(run.tasks["describe_target"]?.result).toBe("db.internal, 250 rows at a time");
});

test("a variable that nobody set has the value of the project's config", async () => {
  const { tasks } = await testDag(configuration);
  expect(tasks["describe_target"]?.result).toBe(`${config.variables.db_host}, 250 rows at a time`);
});

test("a variable that does not exist and has no default fails the task with an error that names it", async () => {
  // The compiler refuses the name: only a cast gets this far.
  const missing = "api_key" as "db_host";
  const read = task("read", async (_: object, { variables }) => variables.get(missing));
  const reading = dag("reading", { schedule: null }, () => {
    read();
  });
  const { tasks } = await testDag(reading);
  expect(tasks["read"]).toMatchObject({ state: "failed", error: { code: "variable_not_found" } });
  expect(tasks["read"]?.error?.message).toContain("api_key");
});

test("params have typed defaults that a caller's conf overrides", async () => {
  expect((await testDag(typedParams)).tasks["greet"]?.result).toBe(0);
  const run = await testDag(typedParams, { params: { country: "FR", limit: 7, dryRun: false } });
  expect(run.tasks["greet"]?.result).toBe(7);
});

test("a conf that breaks a param's schema makes no run", async () => {
  await expect(testDag(typedParams, { params: { limit: 0 } })).rejects.toThrow(/limit/);
});
