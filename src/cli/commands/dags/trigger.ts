/**
 * @module `airflare dags trigger`: starts a run and prints its id.
 */
import { parseArgs } from "node:util";
import type { Command } from "../../command.ts";

export const dagsTrigger: Command = {
  usage: "dags trigger <dag_id> [--conf <json>] [--run-id <id>] [--logical-date <iso>]",
  summary: "start a run of a DAG",
  async run({ api, args, print }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { conf: { type: "string" }, "run-id": { type: "string" }, "logical-date": { type: "string" } },
    });
    const [dagId, ...more] = positionals;
    if (dagId === undefined || more.length > 0) throw new Error(`usage: airflare ${dagsTrigger.usage}`);
    const run = (await api("POST", `/api/v2/dags/${encodeURIComponent(dagId)}/dagRuns`, {
      logical_date: values["logical-date"] ?? null,
      ...(values["run-id"] === undefined ? {} : { dag_run_id: values["run-id"] }),
      ...(values.conf === undefined ? {} : { conf: confOf(values.conf) }),
    })) as { readonly dag_run_id: string; readonly state: string };
    print(`${run.dag_run_id} ${run.state}`);
  },
};

function confOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`--conf is not JSON: ${text}`, { cause: error });
  }
}
