/**
 * @module What is always true of a run between two events. Checked after every step in tests and in the simulation; a recount of everything, so not for production.
 */
import { EDGE_KINDS } from "../plan.ts";
import { FINISHED_RUN_STATES, FINISHED_STATES, OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { assert } from "../../lib/assert.ts";
import { buildRunIndex, runIndexOf } from "./run-index.ts";
import { noCounts } from "../upstream-counts.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { RunIndex } from "./run-index.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Throws `InvariantError` naming the run, the instance and the fact that broke. */
export function assertRun(run: DagRun): void {
  const name = `run ${run.head.dagId}/${run.head.runId}`;
  const index = runIndexOf(run);
  for (const [ord, instance] of run.instances.entries()) {
    assert(instance.ord === ord, `${name}: instance ${instance.ord} stands at ${ord}`);
    assertInstance(run, index, instance, `${name}: instance ${ord} (${instance.state})`);
  }
  assertRunState(run, index, name);
  assertSums(run, index, name);
}

function assertInstance(run: DagRun, index: RunIndex, instance: TaskInstance, name: string): void {
  const isOpen = OPEN_ATTEMPT_STATES.has(instance.state);
  assert(isOpen === (instance.nonce !== 0), `${name}: ${isOpen ? "has no open token" : "has an open token"}`);
  assert(!isOpen || instance.dueAt > 0, `${name}: has no lease`);
  assert(instance.dueAt === 0 || !FINISHED_STATES.has(instance.state), `${name}: is finished but still due`);
  assert(instance.state !== "restarting", `${name}: restarting lasts over an event`);
  assert(instance.seq <= run.head.seq, `${name}: seq ${instance.seq} is ahead of the run's ${run.head.seq}`);
  assert(!isOpen || instance.tryNumber >= 1, `${name}: runs without a try number`);
  assert(
    (instance.flags & TaskInstanceFlag.HANDED_OFF) === 0 || instance.state === "running",
    `${name}: is handed off but does not run`,
  );
  if (instance.dueAt > 0) {
    const at = index.heapAt[instance.ord] ?? 0;
    assert(at !== 0 && at <= instance.dueAt, `${name}: no timer reaches its dueAt ${instance.dueAt}`);
  }
  const { slotsHeld, slotUntil } = instance;
  assert(index.holding.has(instance.ord) === slotsHeld > 0, `${name}: holds ${slotsHeld} slots, the index says else`);
  assert(slotUntil > 0 === slotsHeld > 0, `${name}: holds ${slotsHeld} slots until ${slotUntil}`);
  assert(slotsHeld === 0 || !FINISHED_STATES.has(instance.state), `${name}: is finished and holds ${slotsHeld} slots`);
  assert(instance.state === "scheduled" || !index.asking.has(instance.ord), `${name}: asks for slots`);
  if (instance.task < 0) return;
  const instances = index.tasks[instance.task];
  const place = instance.mapIndex < 0 ? instances?.placeholder : instances?.byIndex[instance.mapIndex];
  assert(place === instance.ord, `${name}: map index ${instance.mapIndex} leads to instance ${place}`);
  const { ownLimits } = index.plan.tasks[instance.task] ?? { ownLimits: 0 };
  assert(!isOpen || slotsHeld >= ownLimits, `${name}: is open with ${slotsHeld} of ${ownLimits} slots`);
  if (instance.state === "scheduled") {
    const waits =
      index.asking.has(instance.ord) ||
      instances?.parked.includes(instance.ord) ||
      [...index.ready, ...index.wanting].some((entry) => entry.value === instance.ord);
    assert(waits, `${name}: is scheduled but in no line`);
  }
}

function assertRunState(run: DagRun, index: RunIndex, name: string): void {
  const { head } = run;
  const isOver = FINISHED_RUN_STATES.has(head.state);
  assert(!isOver || index.active === 0, `${name}: is ${head.state} with ${index.active} open attempts`);
  assert(!isOver || head.endedAt !== null, `${name}: is ${head.state} without an end`);
  assert(head.state !== "running" || index.unfinished > 0, `${name}: is running with nothing left to do`);
  assert(head.state !== "queued" || index.active === 0, `${name}: has open attempts before it started`);
  const { maxActiveTasks } = run.spec;
  assert(maxActiveTasks <= 0 || index.active <= maxActiveTasks, `${name}: ${index.active} active of ${maxActiveTasks}`);
  for (const task of index.plan.tasks) {
    const limit = task.spec.maxActiveTisPerDagrun;
    const active = index.tasks[task.index]?.active ?? 0;
    assert(limit === null || active <= limit, `${name}: ${active} active of ${limit} of task ${task.spec.taskId}`);
  }
}

/** The sums kept change by change equal a recount. */
function assertSums(run: DagRun, index: RunIndex, name: string): void {
  const recount = buildRunIndex(run);
  const check = (what: string, kept: unknown, counted: unknown): void => {
    if (isSame(kept, counted)) return;
    assert(false, `${name}: ${what} is kept as ${JSON.stringify(kept)} but counts ${JSON.stringify(counted)}`);
  };
  check("instances by state", index.states, recount.states);
  check("unfinished", index.unfinished, recount.unfinished);
  check("active", index.active, recount.active);
  check("failed leaves", index.failedLeaves, recount.failedLeaves);
  for (const task of recount.plan.tasks) {
    const [kept, counted] = [index.tasks[task.index], recount.tasks[task.index]];
    const { taskId } = task.spec;
    check(`places of ${taskId}`, [kept?.placeholder, kept?.byIndex], [counted?.placeholder, counted?.byIndex]);
    check(`sums of ${taskId}`, [kept?.schedulable, kept?.active], [counted?.schedulable, counted?.active]);
    for (const kind of EDGE_KINDS) {
      const shared = (of: RunIndex): unknown => of.shared[kind][task.index] ?? noCounts();
      check(`${kind} counts of ${taskId}`, shared(index), shared(recount));
    }
  }
  for (const { ord } of run.instances) {
    for (const kind of EDGE_KINDS) {
      const own = (of: RunIndex): unknown => of.own[kind][ord] ?? noCounts();
      check(`${kind} counts of instance ${ord}`, own(index), own(recount));
    }
  }
}

/** Deep, without building texts: the simulation asks after every step. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, v]) => isSame(v, b.get(key)));
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((v) => b.has(v));
  const [left, right] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return left.length === Object.keys(b).length && left.every(([key, v]) => isSame(v, right[key]));
}
