/**
 * @module `getVariable` and `getConnection`: what the context reads while code is at work, a load warning while a file loads.
 */
import { describe, expect, test } from "vitest";
import { collectDags, loadDag } from "../../../src/dag/dag-registry.ts";
import { dag, defineConfig, getConnection, getVariable, task } from "../../../src/index.ts";
import { runNotice } from "../../../src/runtime/run-notice.ts";
import { testDag } from "../../../src/testing.ts";
import { linesOf } from "../../support/attempt-runner.ts";
import { aDag, aHead, fakePorts } from "../../support/runtime-fakes.ts";

const noop = task("noop", async () => {});
const define = (id: string) => dag(id, {}, () => void noop());

describe("at work", () => {
  test("a task and what it calls read the stored values", async () => {
    const helper = async () => [await getVariable("db_host"), (await getConnection("postgres_default")).host];
    const reads = dag("reads", { schedule: null }, () => void task("read", () => helper())());
    const run = await testDag(reads, {
      variables: { db_host: "db.corp" },
      connections: { postgres_default: { host: "shop.corp" } },
    });
    expect(run.tasks["read"]?.result).toEqual(["db.corp", "shop.corp"]);
  });

  test("a callback reads them without its context; secrets are masked", async () => {
    const seen: unknown[] = [];
    const ports = fakePorts({
      variables: {
        get: async (name) => (name === "pager_api_key" ? "key-of-the-pager" : undefined),
        names: async () => [],
      },
    });
    const callback = async (): Promise<void> => {
      const key = await getVariable("pager_api_key" as never);
      seen.push(key, await getVariable("who" as never, { default: "on call" }));
      console.log(`paging with ${String(key)}`);
    };
    const notice = {
      kind: "task-callback",
      id: "c1",
      callback: "failure",
      ord: 0,
      taskId: "t",
      mapIndex: -1,
      tryNumber: 1,
      error: null,
      reason: null,
    } as const;
    const code = aDag({ t: { execute: () => undefined, callbacks: { failure: [callback] } } });
    const { lines } = await runNotice(notice, aHead(), null, code, ports);
    expect(seen).toEqual(["key-of-the-pager", "on call"]);
    expect(linesOf(lines).map(({ event }) => event)).toContain("paging with ***");
  });

  test("one that is missing is an error that names those that exist", async () => {
    const reads = dag(
      "reads_missing",
      { schedule: null },
      () => void task("read", () => getVariable("nobody" as never))(),
    );
    const run = await testDag(reads, { variables: { db_host: "x" } });
    expect(run.tasks["read"]?.error).toMatchObject({
      code: "variable_not_found",
      message: expect.stringContaining("db_host"),
    });
  });
});

describe("while a file loads", () => {
  test("the default is answered, and the file's DAGs have one warning for each name", async () => {
    const answers: unknown[] = [];
    const load = async () => {
      answers.push(
        await getVariable("db_host", { default: "localhost" }),
        await getVariable("db_host", { default: "again" }),
      );
      define("load_reads");
    };
    const [found] = await collectDags(load, "reads.ts");
    expect(answers).toEqual(["localhost", "again"]);
    expect(found?.spec.warnings).toEqual([
      'The file reads variable db_host while it loads, where no stored value is known: read it in the task, by await ctx.variables.get("db_host")',
    ]);
    const [quiet] = await collectDags(async () => define("load_quiet"), "quiet.ts");
    expect(quiet?.spec.warnings).toEqual([]);
  });

  test("the value of the config is answered; without one the file does not load", async () => {
    defineConfig({ variables: { batch: 500 } });
    expect(await getVariable("batch")).toBe(500);
    defineConfig({});
    await expect(getVariable("batch")).rejects.toMatchObject({ code: "variable_not_found" });
    await expect(collectDags(async () => getConnection("postgres_default"), "conn.ts")).rejects.toMatchObject({
      code: "connection_not_found",
      message: expect.stringContaining("outside of a task"),
    });
  });

  test("the Worker finds the DAG that the index means, also the second of a file", async () => {
    let evaluated: Promise<unknown> | undefined;
    const evaluate = async () => {
      await getVariable("db_host", { default: 1 });
      return [define("load_one"), define("load_two")];
    };
    const file = () => (evaluated ??= evaluate());
    const dags = { load_one: { file: "two.ts", specHash: "" }, load_two: { file: "two.ts", specHash: "" } };
    const index = { bundleHash: "x", dags, files: { "two.ts": file }, importErrors: [], sources: {} };
    expect((await loadDag(index, "load_one")).spec.warnings).toHaveLength(1);
    expect((await loadDag(index, "load_two")).spec.warnings).toHaveLength(1);
  });
});
