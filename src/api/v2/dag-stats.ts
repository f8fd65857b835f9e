/**
 * @module How many runs of each DAG are in which state.
 */
import { DAG_RUN_STATES } from "../schemas/dag-runs.ts";
import { allDags } from "./dags.ts";
import { dagStatsQuery } from "../schemas/dag-sources.ts";
import { readQuery } from "../validation.ts";
import type { ApiApp } from "../ports.ts";

export function dagStatsRoutes(app: ApiApp): void {
  app.get("/api/v2/dagStats", async (c) => {
    const { dag_ids } = readQuery(c, dagStatsQuery);
    const [counts, known] = await Promise.all([c.var.ports.history.countRuns(dag_ids), allDags(c.var.ports, dag_ids)]);
    const byDag = Map.groupBy(counts, (row) => row.dagId);
    const dags = known.map(({ dagId, displayName }) => ({
      dag_id: dagId,
      dag_display_name: displayName,
      // Airflow lists every state, also those without a run.
      stats: DAG_RUN_STATES.map((state) => ({
        state,
        count: byDag.get(dagId)?.find((row) => row.state === state)?.count ?? 0,
      })),
    }));
    return c.json({ dags, total_entries: dags.length });
  });
}
