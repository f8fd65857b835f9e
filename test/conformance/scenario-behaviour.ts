/**
 * @module What the tasks of a scenario do when executed: the part of the runtime, in small.
 */
import { RETURN_KEY, lengthOf } from "./scenario-values.ts";
import { argumentsOf, ElementSkipped } from "./scenario-values.ts";
import { part } from "./scenario-spec.ts";
import type { AttemptOutcome } from "../../src/model/outcome.ts";
import type { Json, SensorBehaviour } from "./scenario-spec.ts";
import type { ScenarioRun } from "./scenario-driver.ts";

const POKE_INTERVAL_MS = 60_000;

/** The outcome of one attempt, as `runtime/` would report it. */
export function execute(running: ScenarioRun, ord: number): AttemptOutcome {
  const instance = running.run.instances[ord];
  const task = running.scenario.tasks[instance?.task ?? -1];
  if (instance === undefined || task === undefined) throw new Error(`no instance ${ord}`);
  let args: Readonly<Record<string, Json>>;
  try {
    args = argumentsOf(running, instance);
  } catch (thrown) {
    if (thrown instanceof ElementSkipped) return { kind: "skipped", reason: "element skipped" };
    throw thrown;
  }
  const { behaviour } = task;
  if (behaviour === "fail") return failed();
  if (behaviour === "fail_no_retry") return failed(false);
  if (behaviour === "skip") return { kind: "skipped", reason: "asked to" };
  const failTimes = part(behaviour, "fail_times");
  if (typeof failTimes === "number" && instance.tryNumber <= failTimes) return failed();
  if (holds(part(behaviour, "fail_on"), args)) return failed();
  if (holds(part(behaviour, "skip_on"), args)) return { kind: "skipped", reason: "asked to" };
  const sensor = part(behaviour, "sensor");
  if (sensor !== undefined) return poke(running, ord, sensor as SensorBehaviour);
  const branch = part(behaviour, "branch");
  if (branch !== undefined) return follow(branch);
  const condition = part(behaviour, "short_circuit");
  if (condition !== undefined) return { ...success(condition), shortCircuited: !isTrue(condition) };
  const given = part(behaviour, "return");
  if (given !== undefined) return success(given);
  return success(Object.keys(args).length === 0 ? null : args);
}

/** A null is not pushed, as in Airflow. */
function success(value: Json): Extract<AttemptOutcome, { kind: "success" }> {
  if (value === null) return { kind: "success", xcoms: [] };
  return {
    kind: "success",
    xcoms: [{ key: RETURN_KEY, value: { in: "inline", text: JSON.stringify(value) } }],
    lengths: { [RETURN_KEY]: lengthOf(value) },
  };
}

function failed(retry = true): AttemptOutcome {
  return { kind: "failed", error: { code: "AirflowException", message: "asked to" }, retry };
}

function follow(branch: Json): AttemptOutcome {
  const ids = branch === null ? [] : typeof branch === "string" ? [branch] : branch;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string")) return failed();
  return { ...success(branch), follow: ids };
}

function poke(running: ScenarioRun, ord: number, sensor: SensorBehaviour): AttemptOutcome {
  const instance = running.run.instances[ord];
  if (sensor.raises === true) return failed();
  if (sensor.raises_skip === true) return { kind: "skipped", reason: "asked to" };
  if ((instance?.pokes ?? 0) >= (sensor.false_times ?? 0)) return success(null);
  const firstPokedAt = instance === undefined || instance.firstPokedAt === 0 ? running.now : instance.firstPokedAt;
  if (running.now - firstPokedAt <= (sensor.timeout ?? 604_800) * 1000) {
    return { kind: "reschedule", at: running.now + POKE_INTERVAL_MS };
  }
  return sensor.soft_fail === true ? { kind: "skipped", reason: "timed out" } : failed(false);
}

function holds(values: Json | undefined, args: Readonly<Record<string, Json>>): boolean {
  const x = args["x"];
  return Array.isArray(values) && values.some((value) => JSON.stringify(value) === JSON.stringify(x));
}

/** Python's truth of a value. */
function isTrue(value: Json): boolean {
  if (value === null || value === false || value === 0 || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
