/**
 * @module The run itself must be running.
 */
import type { Dep } from "./dep.ts";

export const dagRunStateDep: Dep = ({ run }) => {
  const reasons = {
    queued: "The run waits for max_active_runs: other runs of this DAG have to end first.",
    running: "The run is running.",
    success: "The run has ended with success. Clear the task to run it again.",
    failed: "The run has ended as failed. Clear the task to run it again.",
  };
  return { dep: "Dag Run State", passed: run.head.state === "running", reason: reasons[run.head.state] };
};
