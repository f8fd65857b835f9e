/**
 * @module The tasks of a DAG's latest version.
 */
import { HttpDetailError } from "../errors.ts";
import { pageRequest, slicePage } from "../paging.ts";
import { pathParam, requireSpec } from "../run-access.ts";
import { readQuery } from "../validation.ts";
import { taskListQuery, taskResponse } from "../schemas/tasks.ts";
import type { ApiApp, DagRow } from "../ports.ts";
import type { ApiContext } from "../run-access.ts";

const ORDER = {
  task_id: "task_id",
  task_display_name: "task_display_name",
  owner: "owner",
  retries: "retries",
  pool: "pool",
  queue: "queue",
  priority_weight: "priority_weight",
  pool_slots: "pool_slots",
  trigger_rule: "trigger_rule",
  operator_name: "operator_name",
};

export function taskRoutes(app: ApiApp): void {
  app.get("/api/v2/dags/:dag_id/tasks", async (c) => {
    const query = readQuery(c, taskListQuery);
    const spec = await requireSpec(c, await requireTaskDag(c));
    const tasks = spec.tasks.map((task) => taskResponse(spec, task, c.var.ports.now()));
    const order = query.order_by === undefined ? {} : { order_by: [query.order_by] };
    const page = { ...pageRequest(order, ORDER, ["task_id"]), limit: tasks.length };
    const sorted = slicePage(tasks, page, (task, by) => sortValue(Reflect.get(task, by)));
    return c.json({ tasks: sorted.rows, total_entries: sorted.total });
  });

  app.get("/api/v2/dags/:dag_id/tasks/:task_id", async (c) => {
    const spec = await requireSpec(c, await requireTaskDag(c));
    const taskId = pathParam(c, "task_id");
    const task = spec.tasks.find((candidate) => candidate.taskId === taskId);
    if (task === undefined) throw new HttpDetailError(404, `Task with id ${taskId} was not found`);
    return c.json(taskResponse(spec, task, c.var.ports.now()));
  });
}

/** These routes have an own sentence for a missing DAG. */
async function requireTaskDag(c: ApiContext): Promise<DagRow> {
  const dagId = pathParam(c, "dag_id");
  const row = await c.var.ports.history.getDag(dagId);
  if (row === null) throw new HttpDetailError(404, `Dag with id ${dagId} was not found`);
  return row;
}

function sortValue(value: unknown): string | number | null {
  return typeof value === "string" || typeof value === "number" ? value : null;
}
