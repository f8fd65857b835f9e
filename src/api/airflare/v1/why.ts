/**
 * @module Why a task instance does not run: one sentence per rule. Airflow has no route for it.
 */
import { requireRunAround, requireTaskInstance } from "../../run-access.ts";
import { mapIndexOf } from "../../v2/task-instances.ts";
import { wireState } from "../../schemas/task-instances.ts";
import type { ApiApp } from "../../ports.ts";

const RUN = "/api/airflare/v1/dags/:dag_id/dagRuns/:dag_run_id";

export function whyRoutes(app: ApiApp): void {
  app.get(`${RUN}/taskInstances/:task_id/why`, async (c) => {
    const found = await requireRunAround(c);
    const view = await requireTaskInstance(c, found, mapIndexOf(c));
    const deps = await found.run.readDeps(view.taskId, view.mapIndex);
    return c.json({
      dag_id: found.head.dagId,
      dag_run_id: found.head.runId,
      task_id: view.taskId,
      map_index: view.mapIndex,
      state: wireState(view.state),
      deps: deps.map(({ dep, passed, reason }) => ({ name: dep, passed, reason })),
    });
  });
}
