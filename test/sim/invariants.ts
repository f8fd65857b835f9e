/**
 * @module What must hold after every event and at rest (the numbers are those of the reliability page).
 */
import type { StepResult } from "../../src/model/command.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { RunEvent } from "../../src/model/event.ts";
import { parseAttemptToken } from "../../src/model/ids.ts";
import { FINISHED_RUN_STATES, FINISHED_STATES, OPEN_ATTEMPT_STATES } from "../../src/model/state.ts";
import { mayRun, upstreamStates } from "./oracle.ts";
import type { RunHost } from "./run-host.ts";
import type { World } from "./world.ts";

export class Violation extends Error {}

const USER_EVENTS: ReadonlySet<RunEvent["kind"]> = new Set<RunEvent["kind"]>([
  "task-instances-cleared",
  "task-instances-marked",
  "run-marked",
  "run-cancelled",
]);

/** Called after each step, before its commit: the durable rows still hold what was. */
export function checkStep(world: World, host: RunHost, run: DagRun, event: RunEvent, result: StepResult): void {
  const user = USER_EVENTS.has(event.kind);
  for (const ord of result.instances) {
    const before = host.durable.instances[ord]?.state ?? "none";
    const after = run.instances[ord]?.state ?? "none";
    if (before === after) continue;
    world.covered(`${before} > ${after}`);
    // A branch or short circuit skips everything below that is not running, success or failed, as Airflow does.
    const skippedOver = before === "upstream_failed" && after === "skipped";
    if (FINISHED_STATES.has(before) && !user && !skippedOver) {
      throw new Violation(`I1: ${host.runId} ord ${ord} went from ${before} to ${after} by ${event.kind}`);
    }
  }
  checkFencing(host, event, result);
  checkStarts(world, host, run, result);
  checkLimit(host, run);
}

/** A report counts only for the attempt whose token is the open one. */
function checkFencing(host: RunHost, event: RunEvent, result: StepResult): void {
  if (event.kind !== "attempts-finished") return;
  for (const { ord } of result.accepted) {
    const open = host.durable.instances[ord]?.nonce;
    const own = event.reports.some((report) => {
      const token = parseAttemptToken(report.token);
      return token?.ord === ord && token.nonce === open;
    });
    // Opened by the report before it in this very event.
    const follows = event.reports.some((report) => parseAttemptToken(report.continuedBy ?? "")?.ord === ord);
    if (!own && !follows)
      throw new Violation(`I3: ${host.runId} ord ${ord} took the report of an attempt that was fenced off`);
  }
}

/**
 * I2: nothing is scheduled, queued or handed over before its trigger rule holds. As in Airflow the rule is not asked again while the instance waits
 * for a limit, though a branch may skip a failed upstream meanwhile.
 */
function checkStarts(world: World, host: RunHost, run: DagRun, result: StepResult): void {
  if (world.touched.has(host.runId)) return;
  const scheduled = result.instances.filter((ord) => run.instances[ord]?.state === "scheduled");
  for (const ord of [...scheduled, ...result.dispatch, ...result.handOff]) {
    // Sent again after a loss, or scheduled before: its rule held then.
    const before = host.durable.instances[ord]?.state ?? "none";
    if (before === "scheduled" || OPEN_ATTEMPT_STATES.has(before)) continue;
    const instance = run.instances[ord];
    // the rule as drawn, also where a broken core replaced it
    const drawn = instance === undefined ? undefined : world.specs.get(host.runId)?.tasks[instance.task];
    if (instance === undefined || drawn === undefined) continue;
    // Scopes of setups and the pairs inside a mapped group have rules of their own; conformance rows judge those.
    if (drawn.groupId !== null || drawn.isTeardown || drawn.upstream.includes("setup")) continue;
    const states = upstreamStates(run, instance.task);
    if (!mayRun(drawn.triggerRule, states)) {
      throw new Violation(
        `I2: ${host.runId} ${drawn.taskId} (${drawn.triggerRule}) was started with upstream ${states.join(",")}`,
      );
    }
  }
}

/** I4: `max_active_tasks` of the run. */
function checkLimit(host: RunHost, run: DagRun): void {
  const limit = host.world.specs.get(host.runId)?.maxActiveTasks ?? 16;
  let open = 0;
  for (const instance of run.instances) if (OPEN_ATTEMPT_STATES.has(instance.state)) open += 1;
  if (open > limit) throw new Violation(`I4: ${host.runId} has ${open} open attempts, max_active_tasks is ${limit}`);
}

/** After everything was calm for long enough. */
export function checkAtRest(world: World): void {
  world.limits.checkAtRest();
  for (const host of world.hosts) {
    if (host.deleted) continue;
    const { head, instances, outbox } = host.durable;
    if (!FINISHED_RUN_STATES.has(head.state)) throw new Violation(`I5: ${host.runId} never ended, it is ${head.state}`);
    for (const instance of instances) {
      if (!FINISHED_STATES.has(instance.state) && !world.touched.has(host.runId)) {
        throw new Violation(
          `I1: ${host.runId} ended ${head.state} (${head.endReason}) with ord ${instance.ord} ${instance.state}`,
        );
      }
      if (OPEN_ATTEMPT_STATES.has(instance.state))
        throw new Violation(`I10: ${host.runId} ord ${instance.ord} is open at rest`);
    }
    if (outbox.size > 0) throw new Violation(`I10: ${host.runId} has ${outbox.size} outbox rows at rest`);
    const row = world.history.get(host.runId);
    if (row?.state !== head.state)
      throw new Violation(`I7: history says ${row?.state}, ${host.runId} is ${head.state}`);
    checkCallbacks(world, host);
    world.slas.checkAtRest(host);
    checkEffects(world, host);
  }
}

/** Every end of a run is told to its callbacks, whatever failed on the way. */
function checkCallbacks(world: World, host: RunHost): void {
  const { head, spec } = host.durable;
  if (world.touched.has(host.runId) || !spec.callbacks.includes(head.state === "success" ? "success" : "failure"))
    return;
  for (const id of world.callbacks.keys()) if (id.startsWith(`${host.runId}|`)) return;
  throw new Violation(`${host.runId} ended ${head.state} and no callback was delivered`);
}

/** I8 in worlds where nothing can lose an attempt: each try does its work exactly once. */
function checkEffects(world: World, host: RunHost): void {
  const { faults } = world;
  const losing =
    faults.crashBeforeCommit + faults.crashAfterCommit + faults.replyLost + faults.driverDies + faults.heartbeatLost;
  if (losing + faults.clockSkew + faults.alarmLost > 0 || world.touched.has(host.runId)) return;
  for (const instance of host.durable.instances) {
    for (let tryNumber = 1; tryNumber <= instance.tryNumber; tryNumber++) {
      const count = world.effects.get(`${host.runId}|${instance.ord}|${tryNumber}`) ?? 0;
      const waits = world.external.isWait(host, instance.ord);
      if (count > 1 && !waits && world.specs.get(host.runId)?.tasks[instance.task]?.kind !== "sensor") {
        throw new Violation(
          `I8: ${host.runId} ord ${instance.ord} try ${tryNumber} ran ${count} times without a lost worker`,
        );
      }
    }
  }
}
