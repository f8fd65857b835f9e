/**
 * @module `airflare db rebuild-history`: makes the history in D1 anew from the objects that own it. What is there already is only compared, so that a
 * rebuild that was cut short is started again, with the cursor it printed or from the beginning.
 */
import { parseArgs } from "node:util";
import type { Command } from "../../command.ts";

interface Page {
  readonly cursor: string | null;
  readonly dags: number;
  readonly dags_restored: number;
  readonly dag_runs: number;
  readonly dag_runs_restored: number;
  readonly dag_runs_removed: number;
}

export const dbRebuildHistory: Command = {
  usage: "db rebuild-history [--dry-run] [--all] [--cursor <text>]",
  summary: "make the history anew from the objects, after D1 was lost or restored",
  async run({ api, args, print }) {
    const { values } = parseArgs({
      args: [...args],
      options: { "dry-run": { type: "boolean" }, all: { type: "boolean" }, cursor: { type: "string" } },
    });
    const dryRun = values["dry-run"] === true;
    const sum = { dags: 0, dags_restored: 0, dag_runs: 0, dag_runs_restored: 0, dag_runs_removed: 0 };
    for (let cursor: string | null = values.cursor ?? null, first = true; first || cursor !== null; first = false) {
      const page: Page = await onePage(api, { cursor, all: values.all === true, dry_run: dryRun });
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += page[name];
      cursor = page.cursor;
      print(`${lineOf(sum, dryRun)}${cursor === null ? ", done" : ""}`);
    }
  },
};

async function onePage(
  api: Parameters<Command["run"]>[0]["api"],
  body: { readonly cursor: string | null; readonly all: boolean; readonly dry_run: boolean },
): Promise<Page> {
  try {
    return (await api("POST", "/api/airflare/v1/history/rebuild", body)) as Page;
  } catch (cause) {
    const at = body.cursor === null ? "" : `; go on with --cursor '${body.cursor}'`;
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}${at}`, { cause });
  }
}

function lineOf(sum: Omit<Page, "cursor">, dryRun: boolean): string {
  const would = dryRun ? "would be " : "";
  const parts = [
    `${sum.dags} DAGs and ${sum.dag_runs} runs checked`,
    `${sum.dags_restored} DAGs and ${sum.dag_runs_restored} runs ${would}restored`,
    `${sum.dag_runs_removed} rows without a run ${would}removed`,
  ];
  return parts.join(", ");
}
