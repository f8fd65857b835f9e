/**
 * @module Whole DAG runs against Airflow's own final states. `other_outcomes` are right as well: they were seen under another order of execution.
 */
import { describe, expect, it } from "vitest";
import { DRIVERS, ScenarioRun } from "./scenario-driver.ts";
import { readRows, reportRows } from "./conformance-data.ts";
import { scenarioSpec } from "./scenario-spec.ts";
import { specErrors } from "../../src/engine/spec-rules.ts";
import type { Driver, ScenarioOutcome } from "./scenario-driver.ts";
import type { RowResult } from "./conformance-data.ts";
import type { Scenario } from "./scenario-spec.ts";

type Expected = Pick<ScenarioOutcome, "run_state" | "tasks"> & Partial<ScenarioOutcome>;

interface Row extends Scenario {
  readonly expected?: Expected;
  readonly other_outcomes?: readonly Expected[];
  readonly definition_error?: string;
  readonly airflow_defect?: string;
}

const FINAL = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

const sorted = (record: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));

function isAccepted(ours: ScenarioOutcome, expected: Expected): boolean {
  return (
    ours.run_state === expected.run_state &&
    sorted(ours.tasks) === sorted(expected.tasks) &&
    (expected.try_numbers === undefined || sorted(ours.try_numbers) === sorted(expected.try_numbers)) &&
    (expected.xcoms === undefined || sorted(ours.xcoms) === sorted(expected.xcoms))
  );
}

function difference(ours: ScenarioOutcome, expected: Expected): string {
  const told: string[] = [];
  if (ours.run_state !== expected.run_state) told.push(`run is ${ours.run_state}, not ${expected.run_state}`);
  for (const part of ["tasks", "try_numbers", "xcoms"] as const) {
    const theirs: Readonly<Record<string, unknown>> | undefined = expected[part];
    if (theirs === undefined) continue;
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours[part])])) {
      const [a, b] = [JSON.stringify(ours[part][name]), JSON.stringify(theirs[name])];
      if (a !== b) told.push(`${part} ${name}: ${a}, not ${b}`);
    }
  }
  return told.join("; ");
}

function checkRow(row: Row, driver: Driver): RowResult {
  const id = `${row.id} ${row.name}`;
  const errors = specErrors(scenarioSpec(row, []));
  if (row.definition_error !== undefined) {
    return { id, problem: errors.length > 0 ? null : `is not refused (${row.definition_error})` };
  }
  if (errors.length > 0) return { id, problem: `is refused: ${errors.join("; ")}` };
  const expected = row.expected;
  if (expected === undefined) return { id, problem: "has no expected outcome" };
  const ours = new ScenarioRun(row).finish(driver);
  if ([expected, ...(row.other_outcomes ?? [])].some((outcome) => isAccepted(ours, outcome)))
    return { id, problem: null };
  if (
    row.airflow_defect !== undefined &&
    Object.values(ours.tasks).every((state) => state !== null && FINAL.has(state))
  ) {
    return { id, problem: null, remark: `better than Airflow (${row.airflow_defect}): ${JSON.stringify(ours.tasks)}` };
  }
  return { id, problem: difference(ours, expected) };
}

describe("scenarios.json", () => {
  const { scenarios } = readRows("scenarios.json") as { readonly scenarios: readonly Row[] };

  it("every DAG run ends as in Airflow", () => {
    reportRows(
      "scenarios.json",
      scenarios.map((row) => ({ id: row.id, check: () => checkRow(row, "wave") })),
    );
  });

  it.each(DRIVERS)("every DAG run ends, driven %s", (driver) => {
    for (const row of scenarios) {
      if (row.definition_error !== undefined) continue;
      const { tasks } = new ScenarioRun(row).finish(driver);
      expect(Object.values(tasks), row.id).not.toContain(null);
    }
  });
});
