/**
 * @module `airflare dags list`: id, pause switch and schedule of every DAG.
 */
import type { Command } from "../../command.ts";

interface DagPage {
  readonly dags: readonly {
    readonly dag_id: string;
    readonly is_paused: boolean;
    readonly timetable_summary: string | null;
  }[];
  readonly total_entries: number;
}

const PAGE = 100;

export const dagsList: Command = {
  usage: "dags list",
  summary: "list the DAGs with their schedule",
  async run({ api, print }) {
    for (let offset = 0, total = 1; offset < total; offset += PAGE) {
      const page = (await api("GET", `/api/v2/dags?limit=${PAGE}&offset=${offset}`)) as DagPage;
      total = page.total_entries;
      for (const dag of page.dags) {
        print(
          `${dag.dag_id.padEnd(40)} ${dag.is_paused ? "paused" : "active"}  ${dag.timetable_summary ?? "no schedule"}`,
        );
      }
    }
  },
};
