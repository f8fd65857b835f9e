/**
 * @module Every option without effect gives a warning; the list is complete.
 */
import { expect, test } from "vitest";
import { asset, dag, task, taskGroup } from "../../../src/index.ts";
import type { DagOptions, TaskOptions } from "../../../src/index.ts";
import { DAG_OPTIONS_WITHOUT_EFFECT, TASK_OPTIONS_WITHOUT_EFFECT } from "../../../src/dag/options-without-effect.ts";

const noop = task("noop", async () => {});

/** One use that asks for something, and one that asks for nothing where there is such a value. */
const TASK_USES: Readonly<Record<string, { readonly asks: TaskOptions; readonly neutral?: TaskOptions }>> = {
  inlets: { asks: { inlets: [asset("r2://a")] } },
  outlets: { asks: { outlets: [asset("r2://a")] } },
};
const DAG_USES: Readonly<Record<string, { readonly asks: DagOptions; readonly neutral?: DagOptions }>> = {
  schedule: { asks: { schedule: [asset("r2://a")] }, neutral: { schedule: "@daily" } },
  maxConsecutiveFailedDagRuns: {
    asks: { maxConsecutiveFailedDagRuns: 3 },
    neutral: { maxConsecutiveFailedDagRuns: 0 },
  },
};

test("every option in the table has a case here, and no other", () => {
  expect(TASK_OPTIONS_WITHOUT_EFFECT.map(({ option }) => option).toSorted()).toEqual(Object.keys(TASK_USES).toSorted());
  expect(DAG_OPTIONS_WITHOUT_EFFECT.map(({ option }) => option).toSorted()).toEqual(Object.keys(DAG_USES).toSorted());
});

test.each(Object.entries(TASK_USES))(
  "a task's %s gives a warning that names DAG, task and option",
  (option, { asks, neutral }) => {
    const { warnings } = dag("warned", {}, () => void noop.with(asks)()).spec;
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^DAG "warned", task "noop": option ${option} has no effect yet: `)),
    ]);
    if (neutral !== undefined) expect(dag("quiet", {}, () => void noop.with(neutral)()).spec.warnings).toEqual([]);
  },
);

test.each(Object.entries(DAG_USES))(
  "a DAG's %s gives a warning that names DAG and option",
  (option, { asks, neutral }) => {
    const { warnings } = dag("warned", asks, () => void noop()).spec;
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^DAG "warned": option ${option} has no effect yet: `)),
    ]);
    if (neutral !== undefined) expect(dag("quiet", neutral, () => void noop()).spec.warnings).toEqual([]);
  },
);

test("a default for many tasks is warned about once, where it stands", () => {
  const { warnings } = dag("warned", { defaultArgs: { inlets: [asset("r2://b")] } }, () => {
    taskGroup("g", { defaultArgs: { outlets: [asset("r2://a")] } }, () => [noop(), noop.with({ id: "b" })()] as never);
  }).spec;
  expect(warnings).toEqual([
    expect.stringMatching(/^DAG "warned", all tasks \(defaultArgs\): option inlets /),
    expect.stringMatching(/^DAG "warned", task group "g", its tasks \(defaultArgs\): option outlets /),
  ]);
});

test("a DAG that uses none of them has no warning", () => {
  expect(dag("quiet", { schedule: "@daily", defaultArgs: { retries: 2 } }, () => void noop()).spec.warnings).toEqual(
    [],
  );
});
