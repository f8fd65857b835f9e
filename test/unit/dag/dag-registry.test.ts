/**
 * @module Which DAGs a file defines, and loading one of them by id.
 */
import { expect, test } from "vitest";
import { collectDags, loadDag } from "../../../src/dag/dag-registry.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { dag, task } from "../../../src/index.ts";

const noop = task("noop", async () => {});
const define = (id: string, retries = 0) => dag(id, {}, () => void noop.with({ retries })());
/** A module: evaluated at the first import, the same answer from then on. */
const moduleOf = (evaluate: () => unknown): (() => Promise<unknown>) => {
  let evaluated: Promise<unknown> | undefined;
  return () => (evaluated ??= Promise.resolve().then(evaluate));
};
const indexOf = (dags: DagIndex["dags"], files: DagIndex["files"]): DagIndex => ({
  bundleHash: "x",
  dags,
  files,
  importErrors: [],
  sources: {},
});

test("a file's DAGs are those its evaluation defines, with their place in the folder", async () => {
  define("registry_before");
  const dags = await collectDags(
    moduleOf(() => [define("registry_a"), define("registry_b")]),
    "sub/file.ts",
  );
  expect(dags.map(({ id, spec }) => [id, spec.relativeFileloc])).toEqual([
    ["registry_a", "sub/file.ts"],
    ["registry_b", "sub/file.ts"],
  ]);
  expect(await collectDags(async () => "a helper")).toEqual([]);
});

test("a file that throws is the caller's to report; one that defines an id twice is refused", async () => {
  await expect(collectDags(() => Promise.reject(new Error("broken file")))).rejects.toThrow("broken file");
  await expect(collectDags(async () => [define("registry_twice"), define("registry_twice")])).rejects.toThrow(
    /"registry_twice": the id is defined twice/,
  );
});

test("two DAGs of one file load one after the other, from one evaluation", async () => {
  let evaluations = 0;
  const file = moduleOf(() => [++evaluations, define("load_a"), define("load_b")]);
  const index = indexOf(
    { load_a: { file: "f.ts", specHash: "" }, load_b: { file: "f.ts", specHash: "" } },
    { "f.ts": file },
  );
  expect((await loadDag(index, "load_a")).spec).toMatchObject({ dagId: "load_a", relativeFileloc: "f.ts" });
  const second = await loadDag(index, "load_b");
  expect(second.spec.dagId).toBe("load_b");
  expect(second.handlers.get("noop")).toBeDefined();
  expect(evaluations).toBe(1);
  expect(await loadDag(index, "load_b")).toBe(second);
});

test("a DAG that another file imported first keeps its own file", async () => {
  const etl = moduleOf(() => define("load_imported"));
  const report = moduleOf(async () => [await etl(), define("load_importer")]);
  const index = indexOf(
    { load_imported: { file: "etl.ts", specHash: "" }, load_importer: { file: "report.ts", specHash: "" } },
    { "etl.ts": etl, "report.ts": report },
  );
  expect((await loadDag(index, "load_importer")).spec.relativeFileloc).toBe("report.ts");
  expect((await loadDag(index, "load_imported")).spec.relativeFileloc).toBe("etl.ts");
});

test("of two definitions of one id the index's hash says which is meant", async () => {
  const first = define("load_double", 1).inFile("first.ts");
  const index = indexOf(
    { load_double: { file: "first.ts", specHash: first.specHash } },
    { "first.ts": moduleOf(() => [define("load_double", 1), define("load_double", 2)]) },
  );
  expect((await loadDag(index, "load_double")).spec.tasks[0]?.retries).toBe(1);
});

test("an unknown DAG, a file that does not load and one that lost its DAG have codes; a failed load is tried again", async () => {
  let broken = true;
  const index = indexOf(
    { load_broken: { file: "broken.ts", specHash: "" }, load_gone: { file: "gone.ts", specHash: "" } },
    {
      "broken.ts": async () => {
        if (broken) throw new Error("no such table");
        define("load_broken");
      },
      "gone.ts": async () => undefined,
    },
  );
  await expect(loadDag(index, "nobody")).rejects.toMatchObject({ code: "dag_not_found" });
  await expect(loadDag(index, "load_gone")).rejects.toMatchObject({
    code: "dag_import_error",
    message: expect.stringContaining("gone.ts"),
  });
  await expect(loadDag(index, "load_broken")).rejects.toMatchObject({
    code: "dag_import_error",
    message: expect.stringContaining("no such table"),
  });
  broken = false;
  expect((await loadDag(index, "load_broken")).spec.dagId).toBe("load_broken");
});
