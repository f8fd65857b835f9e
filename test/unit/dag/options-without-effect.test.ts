/**
 * @module Every option without effect gives a warning; the list is complete.
 */
import { expect, test } from "vitest";
import { dag, task } from "../../../src/index.ts";
import type { DagOptions } from "../../../src/index.ts";
import { DAG_OPTIONS_WITHOUT_EFFECT } from "../../../src/dag/options-without-effect.ts";

const noop = task("noop", async () => {});

/** One use that asks for something, and one that asks for nothing where there is such a value. */
const DAG_USES: Readonly<Record<string, { readonly asks: DagOptions; readonly neutral?: DagOptions }>> = {
  maxConsecutiveFailedDagRuns: {
    asks: { maxConsecutiveFailedDagRuns: 3 },
    neutral: { maxConsecutiveFailedDagRuns: 0 },
  },
};

test("every option in the table has a case here, and no other", () => {
  expect(DAG_OPTIONS_WITHOUT_EFFECT.map(({ option }) => option).toSorted()).toEqual(Object.keys(DAG_USES).toSorted());
});

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

test("a DAG that uses none of them has no warning", () => {
  expect(dag("quiet", { schedule: "@daily", defaultArgs: { retries: 2 } }, () => void noop()).spec.warnings).toEqual(
    [],
  );
});
