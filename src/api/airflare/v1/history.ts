/**
 * @module The history made anew from the objects, page by page: `airflare db rebuild-history` calls it until the cursor is null.
 */
import * as z from "zod/mini";
import type { ApiApp } from "../../ports.ts";
import { readBody } from "../../validation.ts";

const RebuildBody = z.strictObject({
  cursor: z._default(z.nullable(z.string()), null),
  all: z._default(z.boolean(), false),
  dry_run: z._default(z.boolean(), false),
});

export function historyRoutes(app: ApiApp): void {
  app.post("/api/airflare/v1/history/rebuild", async (c) => {
    const { cursor, all, dry_run: dryRun } = await readBody(c, RebuildBody);
    const done = await c.var.ports.rebuildHistory({ cursor, all, dryRun });
    return c.json({
      cursor: done.cursor,
      dags: done.dags,
      dags_restored: done.dagsRestored,
      dag_runs: done.runs,
      dag_runs_restored: done.runsRestored,
      dag_runs_removed: done.runsRemoved,
    });
  });
}
