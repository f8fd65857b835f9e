/**
 * @module `airflare dags pause` and `dags unpause`: one DAG, those that a regular expression fits, or all.
 */
import { parseArgs } from "node:util";
import type { ApiClient } from "../../api-client.ts";
import type { Command } from "../../command.ts";

interface DagPage {
  readonly dags: readonly { readonly dag_id: string; readonly is_paused: boolean }[];
  readonly total_entries: number;
}

const PAGE = 100;
/** DAGs switched at the same time. */
const PARALLEL = 6;

export const dagsPause: Command = switchCommand("pause", true);
export const dagsUnpause: Command = switchCommand("unpause", false);

function switchCommand(word: "pause" | "unpause", isPaused: boolean): Command {
  const usage = `dags ${word} <dag_id> [--treat-dag-id-as-regex] | --all`;
  return {
    usage,
    summary: `${word} a DAG, those whose id fits an expression, or all`,
    async run({ api, args, print }) {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { "treat-dag-id-as-regex": { type: "boolean" }, all: { type: "boolean" } },
      });
      const [dagId, ...more] = positionals;
      if (more.length > 0 || (dagId === undefined) !== (values.all === true))
        throw new Error(`usage: airflare ${usage}`);
      const one = dagId !== undefined && values["treat-dag-id-as-regex"] !== true;
      const fits = dagId === undefined ? null : regexOf(dagId);
      const dagIds = one ? [dagId] : await switched(api, isPaused, fits);
      if (dagIds.length === 0) print(`no DAG to ${word}`);
      for (let at = 0; at < dagIds.length; at += PARALLEL) {
        const some = dagIds.slice(at, at + PARALLEL);
        const path = (id: string): string => `/api/v2/dags/${encodeURIComponent(id)}`;
        // A few at a time: each is a call of the DAG's object.
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(some.map((id) => api("PATCH", path(id), { is_paused: isPaused })));
        for (const id of some) print(`${id} ${isPaused ? "paused" : "active"}`);
      }
    },
  };
}

/** Ids of the DAGs that are still to be switched. */
async function switched(api: ApiClient, isPaused: boolean, fits: RegExp | null): Promise<readonly string[]> {
  const dagIds: string[] = [];
  for (let offset = 0, total = 1; offset < total; offset += PAGE) {
    // Each page begins where the last one ended; nothing is switched before all are known, so that no page moves.
    // oxlint-disable-next-line no-await-in-loop
    const page = (await api("GET", `/api/v2/dags?limit=${PAGE}&offset=${offset}&order_by=dag_id`)) as DagPage;
    total = page.total_entries;
    for (const dag of page.dags)
      if (dag.is_paused !== isPaused && fits?.test(dag.dag_id) !== false) dagIds.push(dag.dag_id);
  }
  return dagIds;
}

function regexOf(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new Error(`${JSON.stringify(text)} is no regular expression`, { cause });
  }
}
