/**
 * @module What is known about DAG files: source, tags, warnings, import errors.
 */
import { BUNDLE_NAME } from "../schemas/dag-versions.ts";
import { HttpDetailError } from "../errors.ts";
import { allDags } from "./dags.ts";
import { dagSourceQuery, dagTagQuery, dagWarningQuery, importErrorQuery } from "../schemas/dag-sources.ts";
import { pageRequest, slicePage } from "../paging.ts";
import { pathParam, requireDag } from "../run-access.ts";
import { readQuery } from "../validation.ts";
import { wireDate } from "../schemas/wire-value.ts";
import type { ApiApp, ApiPorts, ImportErrorRow } from "../ports.ts";
import type { DAGWarningCollectionResponse, ImportErrorResponse } from "../schemas/dag-sources.ts";
import type { z } from "zod/mini";

const IMPORT_ERROR_ORDER = { id: "id", import_error_id: "id", timestamp: "timestamp", filename: "filename" };

export function dagSourceRoutes(app: ApiApp): void {
  app.get("/api/v2/dagSources/:dag_id", async (c) => {
    const row = await requireDag(c);
    const { dagId, versionNumber: current } = row;
    const wanted = readQuery(c, dagSourceQuery).version_number ?? current;
    const content = c.var.index.sources[row.relativeFileloc];
    // Only the deployed source is kept.
    if (wanted !== current || content === undefined) {
      throw new HttpDetailError(404, `The source code of the DAG ${dagId}, version_number ${wanted} was not found`);
    }
    if ((c.req.header("accept") ?? "").startsWith("text/plain")) return c.text(content);
    return c.json({ content, dag_id: dagId, version_number: current, dag_display_name: row.displayName });
  });

  app.get("/api/v2/dagTags", async (c) => {
    const query = readQuery(c, dagTagQuery);
    const page = await c.var.ports.history.listTags(
      query.tag_name_pattern,
      pageRequest(query, { name: "name" }, ["name"]),
    );
    return c.json({ tags: page.rows, total_entries: page.total });
  });

  app.get("/api/v2/dagWarnings", async (c) => {
    const query = readQuery(c, dagWarningQuery);
    const page = pageRequest(
      query,
      { dag_id: "dag_id", warning_type: "warning_type", message: "message", timestamp: "timestamp" },
      ["dag_id"],
    );
    const warnings = (await dagWarnings(c.var.ports)).filter(
      (warning) =>
        (query.dag_id === undefined || warning.dag_id === query.dag_id) &&
        (query.warning_type === undefined || warning.warning_type === query.warning_type),
    );
    const sliced = slicePage(warnings, page, (warning, by) => String(Reflect.get(warning, by)));
    return c.json({ dag_warnings: sliced.rows, total_entries: sliced.total });
  });

  app.get("/api/v2/importErrors", async (c) => {
    const query = readQuery(c, importErrorQuery);
    const page = await c.var.ports.history.listImportErrors(
      query.filename_pattern,
      pageRequest(query, IMPORT_ERROR_ORDER, ["id"]),
    );
    return c.json({ import_errors: page.rows.map(importErrorResponse), total_entries: page.total });
  });

  app.get("/api/v2/importErrors/:import_error_id", async (c) => {
    const id = pathParam(c, "import_error_id");
    const row = /^\d{1,15}$/.test(id) ? await c.var.ports.history.findImportError(Number(id)) : null;
    if (row === null) throw new HttpDetailError(404, `The ImportError with import_error_id: \`${id}\` was not found`);
    return c.json(importErrorResponse(row));
  });
}

function importErrorResponse(row: ImportErrorRow): z.infer<typeof ImportErrorResponse> {
  return {
    import_error_id: row.id,
    timestamp: wireDate(row.seenAt),
    filename: row.filename,
    bundle_name: BUNDLE_NAME,
    stack_trace: row.message,
  };
}

/** Options without effect and the like; Airflow's nearest type is the one about what the file itself does. */
async function dagWarnings(ports: ApiPorts): Promise<z.infer<typeof DAGWarningCollectionResponse>["dag_warnings"]> {
  const dags = await allDags(ports);
  return dags.flatMap((dag) =>
    dag.warnings.map((message) => ({
      dag_id: dag.dagId,
      warning_type: "runtime varying value" as const,
      message,
      timestamp: wireDate(dag.lastParsedAt),
      dag_display_name: dag.displayName,
    })),
  );
}
