/**
 * @module The index of the DAGs under `test/worker/dags`, in the place of the generated one.
 */
import type { DagIndex } from "../../src/dag/dag-index.ts";
import { exampleFiles } from "./example-dags.ts";

const files: Readonly<Record<string, { readonly load: () => Promise<unknown>; readonly dagIds: readonly string[] }>> = {
  "pipelines.ts": {
    load: () => import("../worker/dags/pipelines.ts"),
    dagIds: ["etl", "fan_out", "large", "slow", "together", "retried", "routed", "verbose", "by_day", "by_hour"],
  },
  "limits.ts": {
    load: () => import("../worker/dags/limits.ts"),
    dagIds: ["past_runs", "past_downstream", "limited_run", "limited_task", "unlimited"],
  },
  "pools.ts": {
    load: () => import("../worker/dags/pools.ts"),
    dagIds: ["pooled", "resized", "late_pool", "per_dag", "both_limits", "ordinary"],
  },
  "waiting.ts": {
    load: () => import("../worker/dags/waiting.ts"),
    dagIds: [
      "awaited",
      "waits_for_task",
      "waits_for_group",
      "waits_for_run",
      "waits_for_two_days",
      "waits_in_time",
      "pokes_thrice",
      "defers_for_task",
      "defers_for_a_while",
    ],
  },
  "triggering.ts": {
    load: () => import("../worker/dags/triggering.ts"),
    dagIds: ["triggered", "triggers", "triggers_and_waits", "triggers_by_id"],
  },
  "assets.ts": {
    load: () => import("../worker/dags/assets.ts"),
    dagIds: ["updates_orders", "updates_both", "follows_orders", "follows_all", "follows_any", "follows_paused"],
  },
  "canaries.ts": { load: () => import("../worker/dags/canaries.ts"), dagIds: ["canaries"] },
  "stored.ts": { load: () => import("../fixtures/storage/dags/stored.ts"), dagIds: ["stored"] },
  "stormy.ts": { load: () => import("../worker/faults/stormy.ts"), dagIds: ["stormy"] },
  ...exampleFiles,
};

export const dagIndex: DagIndex = {
  bundleHash: "test",
  dags: Object.fromEntries(
    Object.entries(files).flatMap(([file, { dagIds }]) =>
      dagIds.map((dagId) => [dagId, { file, specHash: `test-${dagId}` }]),
    ),
  ),
  files: Object.fromEntries(Object.entries(files).map(([file, { load }]) => [file, load])),
  importErrors: [],
  sources: {},
};
