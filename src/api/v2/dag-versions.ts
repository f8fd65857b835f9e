/**
 * @module Versions of a DAG: a new one for each deploy that changes its spec.
 */
import { HttpDetailError } from "../errors.ts";
import { dagVersionResponse } from "../schemas/dag-versions.ts";
import { pageQuery } from "../schemas/wire-value.ts";
import { pageRequest } from "../paging.ts";
import { ALL, pathParam, requireDag } from "../run-access.ts";
import { readQuery } from "../validation.ts";
import * as z from "zod/mini";
import type { ApiApp } from "../ports.ts";

const ORDER = { id: "version_number", version_number: "version_number", created_at: "created_at" };
const listQuery = z.object(pageQuery);

export function dagVersionRoutes(app: ApiApp): void {
  app.get("/api/v2/dags/:dag_id/dagVersions", async (c) => {
    const page = pageRequest(readQuery(c, listQuery), ORDER, ["version_number"]);
    const dagId = pathParam(c, "dag_id");
    if (dagId !== ALL) await requireDag(c);
    const versions = await c.var.ports.history.listVersions(dagId === ALL ? undefined : dagId, page);
    return c.json({
      dag_versions: versions.rows.map((version) => dagVersionResponse(version, version.displayName)),
      total_entries: versions.total,
    });
  });

  app.get("/api/v2/dags/:dag_id/dagVersions/:version_number", async (c) => {
    const row = await requireDag(c);
    const text = pathParam(c, "version_number");
    const version = /^\d{1,9}$/.test(text) ? await c.var.ports.history.findVersion(row.dagId, Number(text)) : null;
    if (version === null) {
      throw new HttpDetailError(
        404,
        `The DagVersion with dag_id: \`${row.dagId}\` and version_number: \`${text}\` was not found`,
      );
    }
    return c.json(dagVersionResponse(version, row.displayName));
  });
}
