/**
 * @module DAGs: list, one, details, and the pause switch of one or many.
 */
import { ALL_PAGES_MAX, allPages } from "../all-pages.ts";
import { DAGPatchBody, dagDetailsResponse, dagListQuery, dagResponse, updateMaskQuery } from "../schemas/dags.ts";
import { HttpDetailError } from "../errors.ts";
import { PAGE_LIMIT_MAX, pageRequest } from "../paging.ts";
import { pathParam, requireDag, requireSpec } from "../run-access.ts";
import { readBody, readQuery } from "../validation.ts";
import type { ApiApp, ApiPorts, DagFilter, DagRow } from "../ports.ts";
import type { DAGCollectionResponse } from "../schemas/dags.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import type { z } from "zod/mini";

/** Wire name to the history's. */
const ORDER = {
  dag_id: "dag_id",
  dag_display_name: "dag_display_name",
  next_dagrun: "next_dagrun",
  next_dagrun_run_after: "next_dagrun_run_after",
  last_run_state: "last_run_state",
  last_run_start_date: "last_run_start_date",
};

export function dagRoutes(app: ApiApp): void {
  app.get("/api/v2/dags", async (c) => {
    const query = readQuery(c, dagListQuery);
    const page = await c.var.ports.history.listDags(filterOf(query), pageRequest(query, ORDER, ["dag_id"]));
    const body: z.infer<typeof DAGCollectionResponse> = { dags: page.rows.map(dagResponse), total_entries: page.total };
    return c.json(body);
  });

  app.patch("/api/v2/dags", async (c) => {
    const query = readQuery(c, dagListQuery);
    requireMask(query.update_mask);
    const { is_paused } = await readBody(c, DAGPatchBody);
    const page = await c.var.ports.history.listDags(filterOf(query), pageRequest(query, ORDER, ["dag_id"]));
    const rows = await Promise.all(page.rows.map((row) => setPaused(c.var.ports, c.var.index, row, is_paused)));
    return c.json({ dags: rows.map(dagResponse), total_entries: page.total });
  });

  app.get("/api/v2/dags/:dag_id", async (c) => c.json(dagResponse(await currentDag(c.var.ports, await requireDag(c)))));

  app.get("/api/v2/dags/:dag_id/details", async (c) => {
    const row = await requireDag(c);
    const { ports } = c.var;
    const [spec, state, version] = await Promise.all([
      requireSpec(c, row),
      ports.dag(row.dagId).readState(),
      ports.history.findVersion(row.dagId, row.versionNumber),
    ]);
    const known = { version, activeRuns: state?.activeRuns ?? 0, now: ports.now() };
    return c.json(dagDetailsResponse(withState(row, state), spec, known));
  });

  app.patch("/api/v2/dags/:dag_id", async (c) => {
    requireMask(readQuery(c, updateMaskQuery).update_mask);
    const { is_paused } = await readBody(c, DAGPatchBody);
    const row = await requireDag(c, pathParam(c, "dag_id"));
    return c.json(dagResponse(await setPaused(c.var.ports, c.var.index, row, is_paused)));
  });
}

function filterOf(query: z.infer<typeof dagListQuery>): DagFilter {
  return {
    dagIdPattern: query.dag_id_pattern,
    displayNamePattern: query.dag_display_name_pattern,
    tags: query.tags,
    tagsMatch: query.tags_match_mode,
    owners: query.owners,
    paused: query.paused,
    hasImportErrors: query.has_import_errors,
    lastDagRunState: query.last_dag_run_state,
    excludeStale: query.exclude_stale ?? true,
  };
}

/** Only the pause switch can be patched. */
function requireMask(mask: readonly string[] | undefined): void {
  if (mask !== undefined && mask.length > 0 && mask.join() !== "is_paused") {
    throw new HttpDetailError(400, "Only `is_paused` field can be updated through the REST API");
  }
}

/** The DAG's object owns switch and schedule; the history's copy may be a moment behind. */
async function currentDag(ports: ApiPorts, row: DagRow): Promise<DagRow> {
  return withState(row, await ports.dag(row.dagId).readState());
}

function withState(row: DagRow, state: Awaited<ReturnType<ReturnType<ApiPorts["dag"]>["readState"]>>): DagRow {
  if (state === null) return row;
  // The dates that belong to a run which is not the next one any more would be wrong.
  const stale = state.nextRunAfter !== row.nextRunAfter;
  return {
    ...row,
    isPaused: state.paused,
    nextRunAfter: state.nextRunAfter,
    ...(stale ? { nextLogicalDate: null, nextIntervalStart: null, nextIntervalEnd: null } : {}),
  };
}

async function setPaused(ports: ApiPorts, index: DagIndex, row: DagRow, paused: boolean): Promise<DagRow> {
  const { dagId } = row;
  const dag = ports.dag(dagId);
  const deployed = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  // An object that never saw its DAG has no switch yet.
  if ((await dag.readState()) === null && deployed !== undefined) {
    await dag.syncSpec(await ports.loadSpec(dagId), deployed.specHash);
  }
  await dag.setPaused(paused);
  return await currentDag(ports, { ...row, isPaused: paused });
}

/** Every deployed DAG (or those with the given ids), in pages: for lists that are made from more than one query. */
export async function allDags(ports: ApiPorts, dagIds?: readonly string[]): Promise<readonly DagRow[]> {
  return await allPages(
    async (offset) => {
      const page = { offset, limit: PAGE_LIMIT_MAX, order: [{ by: "dag_id", descending: false }] };
      return (await ports.history.listDags({ dagIds, excludeStale: true }, page)).rows;
    },
    ALL_PAGES_MAX,
    PAGE_LIMIT_MAX,
  );
}
