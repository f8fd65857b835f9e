/**
 * @module Random DAGs for a world: shapes, trigger rules, retries, branches, mapped tasks, sensors, setups.
 */
import type { ArgExpr } from "../../src/model/arg-expr.ts";
import { DAG_SPEC_VERSION, type DagSpec, type TaskGroupSpec } from "../../src/model/dag-spec.ts";
import type { TaskKind, TaskSpec } from "../../src/model/task-spec.ts";
import { TRIGGER_RULES } from "../../src/model/trigger-rule.ts";
import { aDagSpec, aTaskSpec } from "../support/spec-builders.ts";
import type { Rng } from "./rng.ts";

const RULES = TRIGGER_RULES.filter((rule) => rule !== "all_done_setup_success");
const KINDS: readonly TaskKind[] = [
  "task",
  "task",
  "task",
  "task",
  "task",
  "empty",
  "branch",
  "short_circuit",
  "sensor",
];

/** A DAG of up to 24 tasks. Upstreams always come earlier, so that there is no cycle. */
export function drawDag(rng: Rng, dagId: string): DagSpec {
  const size = rng.between(1, rng.chance(0.2) ? 24 : 10);
  const plain = rng.chance(0.4);
  const failFast = plain && rng.chance(0.2);
  const tasks: TaskSpec[] = [];
  for (let index = 0; index < size; index++) tasks.push(drawTask(rng, index, tasks, plain));
  const groups = rng.chance(0.15) ? [drawMappedGroup(rng, tasks)] : [];
  if (!failFast && rng.chance(0.15)) addSetupAndTeardown(rng, tasks);
  return aDagSpec({
    v: DAG_SPEC_VERSION,
    dagId,
    tasks,
    groups,
    failFast,
    maxActiveTasks: rng.chance(0.2) ? rng.between(1, 3) : 16,
    dagrunTimeoutMs: rng.chance(0.03) ? rng.between(60_000, 3_600_000) : null,
    callbacks: rng.chance(0.3) ? ["success", "failure"] : [],
  });
}

function drawTask(rng: Rng, index: number, earlier: readonly TaskSpec[], plain: boolean): TaskSpec {
  const upstream = drawUpstream(rng, earlier);
  const kind = plain ? "task" : rng.pick(KINDS);
  const mappedOver = !plain && kind === "task" && rng.chance(0.15) ? drawMapSource(rng, earlier) : null;
  const taskId = `t${index}`;
  if (mappedOver?.kind === "xcom") {
    const source = earlier.find((task) => task.taskId === mappedOver.taskId);
    if (source !== undefined && !source.reportLengths.includes("return_value")) {
      (source.reportLengths as string[]).push("return_value");
    }
    if (!upstream.includes(mappedOver.taskId)) upstream.push(mappedOver.taskId);
  }
  return aTaskSpec({
    taskId,
    kind,
    upstream,
    triggerRule: plain || rng.chance(0.6) ? "all_success" : rng.pick(RULES),
    retries: rng.chance(0.4) ? rng.between(1, 3) : 0,
    retryDelayMs: rng.pick([0, 1_000, 60_000]),
    retryExponentialBackoff: rng.chance(0.3) ? 2 : 0,
    reportLengths: [],
    expand: mappedOver === null ? null : { kind: "product", over: { x: mappedOver } },
    ignoreDownstreamTriggerRules: rng.chance(0.5),
    isolate: rng.chance(0.05),
    dependsOnPast: rng.chance(0.05),
    priorityWeight: rng.between(1, 3),
    callbacks: rng.chance(0.2) ? ["failure", "retry", "success", "skipped"] : [],
    sensor:
      kind === "sensor"
        ? {
            pokeIntervalMs: rng.pick([1_000, 30_000]),
            timeoutMs: 300_000,
            mode: rng.pick(["poke", "reschedule"] as const),
            softFail: false,
            silentFail: false,
            neverFail: false,
            exponentialBackoff: false,
            maxWaitMs: null,
          }
        : null,
  });
}

/** A mapped task group of two or three tasks in a row, behind what is there already; outside tasks never look into it. */
function drawMappedGroup(rng: Rng, tasks: TaskSpec[]): TaskGroupSpec {
  const before = drawUpstream(rng, tasks);
  const length = rng.between(2, 3);
  for (let index = 0; index < length; index++) {
    tasks.push(
      aTaskSpec({
        taskId: `g.t${index}`,
        groupId: "g",
        upstream: index === 0 ? before : [`g.t${index - 1}`],
        triggerRule: rng.chance(0.7) ? "all_success" : rng.pick(["all_done", "one_failed", "none_failed"] as const),
        retries: rng.below(2),
        retryDelayMs: 1_000,
      }),
    );
  }
  const over: ArgExpr = { kind: "literal", text: "", length: rng.below(4) };
  return {
    groupId: "g",
    parent: null,
    label: "g",
    tooltip: "",
    prefixGroupId: true,
    expand: { kind: "product", over: { x: over } },
  };
}

/** A setup in front of new work and its teardown behind it. */
function addSetupAndTeardown(rng: Rng, tasks: TaskSpec[]): void {
  tasks.push(
    aTaskSpec({
      taskId: "setup",
      isSetup: true,
      upstream: drawUpstream(rng, tasks),
      retries: rng.below(2),
      retryDelayMs: 0,
    }),
    aTaskSpec({ taskId: "work", upstream: ["setup"] }),
    aTaskSpec({
      taskId: "teardown",
      isTeardown: true,
      upstream: ["work", "setup"],
      triggerRule: "all_done_setup_success",
      onFailureFailDagrun: rng.chance(0.3),
    }),
  );
}

function drawUpstream(rng: Rng, earlier: readonly TaskSpec[]): string[] {
  if (earlier.length === 0 || rng.chance(0.15)) return [];
  const chosen = new Set<string>();
  const count = rng.chance(0.6) ? 1 : rng.between(1, 4);
  for (let i = 0; i < count; i++) {
    const recent = rng.chance(0.6) ? Math.max(0, earlier.length - 3) : 0;
    chosen.add((earlier[rng.between(recent, earlier.length - 1)] as TaskSpec).taskId);
  }
  return [...chosen];
}

function drawMapSource(rng: Rng, earlier: readonly TaskSpec[]): ArgExpr | null {
  if (rng.chance(0.5)) return { kind: "literal", text: "", length: rng.below(4) };
  const sources = earlier.filter((task) => task.kind === "task");
  if (sources.length === 0) return null;
  return { kind: "xcom", taskId: rng.pick(sources).taskId, key: "return_value", path: [] };
}
