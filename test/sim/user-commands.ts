/**
 * @module What an impatient user does to a run in the middle of everything: clear, mark, cancel.
 */
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { Rng } from "./rng.ts";

export function userCommand(rng: Rng, spec: DagSpec): RunEvent {
  const select = [{ taskId: rng.pick(spec.tasks).taskId }];
  const kind = rng.below(10);
  if (kind < 6) {
    return {
      kind: "task-instances-cleared",
      options: {
        select,
        includeUpstream: rng.chance(0.2),
        includeDownstream: rng.chance(0.6),
        onlyFailed: rng.chance(0.2),
        onlyRunning: rng.chance(0.1),
        resetDagRun: true,
        note: null,
      },
    };
  }
  if (kind < 8) {
    const options = {
      select,
      includeUpstream: false,
      includeDownstream: rng.chance(0.3),
      state: rng.pick(["success", "failed", "skipped"] as const),
    };
    return { kind: "task-instances-marked", options, by: "user" };
  }
  if (kind === 8) return { kind: "run-cancelled", by: "user" };
  return { kind: "run-marked", state: rng.pick(["success", "failed"] as const), by: "user" };
}
