/**
 * @module What a run has used so far: calls, messages, rows. `npm start` shows it; the price follows from it.
 */
import { requireRun } from "../../run-access.ts";
import type { ApiApp } from "../../ports.ts";

export function costRoutes(app: ApiApp): void {
  app.get("/api/airflare/v1/dags/:dag_id/dagRuns/:dag_run_id/cost", async (c) => {
    const { dagId, runId, usage } = (await requireRun(c)).head;
    return c.json({
      dag_id: dagId,
      dag_run_id: runId,
      object_calls: usage.objectCalls,
      queue_messages: usage.queueMessages,
      rows_written: usage.rowsWritten,
      alarms: usage.alarms,
      r2_writes: usage.r2Writes,
    });
  });
}
