/**
 * @module `airflare dags next-execution`: when the schedule makes its next runs, in UTC and local time, with what clock changes do to them.
 */
import { parseArgs } from "node:util";
import type { Command } from "../../command.ts";

interface NextRuns {
  readonly next_runs: readonly {
    readonly run_after: string;
    readonly local_time: string;
    readonly clock_change: "moved" | "skipped" | "repeated" | null;
  }[];
}

const SAID = {
  moved: "moved: the clocks skip its time that day",
  skipped: "the times before it are skipped by the clocks",
  repeated: "its time comes twice that day",
} as const;

export const dagsNextExecution: Command = {
  usage: "dags next-execution <dag_id> [-n <count>]",
  summary: "show when a DAG's schedule makes its next runs",
  async run({ api, args, print }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { "num-executions": { type: "string", short: "n", default: "1" } },
    });
    const [dagId, ...more] = positionals;
    const count = Number(values["num-executions"]);
    if (dagId === undefined || more.length > 0 || !Number.isInteger(count) || count < 1)
      throw new Error(`usage: airflare ${dagsNextExecution.usage}`);
    const path = `/api/airflare/v1/dags/${encodeURIComponent(dagId)}/nextRuns?limit=${count}`;
    const { next_runs: runs } = (await api("GET", path)) as NextRuns;
    if (runs.length === 0) print("None: the schedule makes no further run");
    for (const run of runs) {
      const mark = run.clock_change === null ? "" : `  (${SAID[run.clock_change]})`;
      print(`${run.run_after}  ${run.local_time}${mark}`);
    }
  },
};
