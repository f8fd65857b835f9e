/**
 * @module `depends_on_past` and `wait_for_downstream` against Airflow's own answers: two runs of `a >> b`, the first one's states are set. The question goes
 * the whole way: the engine asks, the DAG's object finds the run before over real SQL and judges it, the engine takes the answer.
 */
import { describe, it } from "vitest";
import { readRows, reportRows } from "./conformance-data.ts";
import type { RowResult } from "./conformance-data.ts";
import type { DagRunType } from "../../src/model/dag-run.ts";
import { DagHostWorld } from "../support/dag-host-world.ts";
import { EngineRun } from "../unit/engine/engine-run.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";
import { aDagSpec } from "../support/spec-builders.ts";

type State = TaskInstanceState | null;
interface Row {
  readonly catchup: boolean;
  readonly flag: "none" | "depends_on_past" | "wait_for_downstream";
  readonly run1_type: DagRunType;
  readonly run2_type: DagRunType;
  readonly run1_a: State;
  readonly run1_b: State;
  readonly run1_a_can_run: boolean;
  readonly run2_a_can_run: boolean;
}

/** Whether task `a` of a run may run: what the engine does with it, its question answered by the DAG's object. */
async function canRun(world: DagHostWorld, { flag, catchup }: Row, runId: string): Promise<boolean> {
  const dependsOnPast = flag !== "none";
  const run = new EngineRun(
    [
      { taskId: "a", dependsOnPast, waitForDownstream: flag === "wait_for_downstream" },
      { taskId: "b", upstream: ["a"] },
    ],
    { catchup },
  );
  const watch = run.start().commands.find((command) => command.kind === "watch");
  if (watch !== undefined) {
    const { watchId, taskId, downstream, ignoreFirst } = watch;
    const answer = await world.host.watch({ runId, watchId, taskId, downstream, ignoreFirst });
    run.event({ kind: "watched-state", watchId, ...answer });
  }
  return run.instance("a").state === "queued";
}

async function checkRow(row: Row, id: string): Promise<RowResult> {
  const world = new DagHostWorld(aDagSpec({ dagId: "past", catchup: row.catchup, isPausedUponCreation: true }));
  const day = (date: string): number => Date.parse(`${date}T00:00:00Z`);
  const first = await world.trigger({ runType: row.run1_type, runId: "one", logicalDate: day("2026-01-01") });
  const ofFirst = await canRun(world, row, first.runId);
  world.run("one").states = { a: row.run1_a ?? "none", b: row.run1_b ?? "none" };
  const second = await world.trigger({ runType: row.run2_type, runId: "two", logicalDate: day("2026-01-02") });
  const ofSecond = await canRun(world, row, second.runId);
  const same = ofFirst === row.run1_a_can_run && ofSecond === row.run2_a_can_run;
  const shown = `a may run: ${ofFirst} in the first run, ${ofSecond} in the second`;
  return { id, problem: same ? null : `${shown}; not ${row.run1_a_can_run}, ${row.run2_a_can_run}` };
}

describe("past-deps.json", () => {
  it("a task may run after the same states of the run before as in Airflow", async () => {
    const { rows } = readRows("past-deps.json") as { readonly rows: readonly Row[] };
    const checks = rows.map(async (row, i) => {
      const id = `rows[${i}] ${Object.values(row).join(" ")}`;
      const failed = (thrown: unknown): RowResult => ({ id, problem: String(thrown) });
      const result = await checkRow(row, id).catch(failed);
      return { id, check: () => result };
    });
    reportRows("past-deps.json", await Promise.all(checks));
  });
});
