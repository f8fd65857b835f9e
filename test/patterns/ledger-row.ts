/**
 * @module Rows of the pattern ledger: what a row is, and how one is written.
 */
/** Subjects of the issues that rows may wait for. */
export const OPEN = {
  time: "Time: every timetable, catchup, backfill, schedules made at run time, ten thousand DAGs at midnight",
  waiting: "Waiting, limiting, telling, connecting",
  api: "The API that Airflow's clients already speak, a CLI with Airflow's habits, and nobody inside who should not be",
  events: "Events and people: webhooks, assets, approvals, fairness",
  ui: "The web UI",
  flows: "Flows: Prefect's way of writing, made durable",
} as const;

/** Shown today: run by this DAG file, asserted by this test. */
export interface Shown {
  /** Below `dags/`; null where a practice is about code outside of the project. */
  readonly dag: string | null;
  /** File below `test/`, then the test's name as it stands there. */
  readonly test: readonly [file: string, name: string];
}

export interface LedgerRow {
  readonly heading: string;
  readonly items: readonly string[];
  readonly evidence: Shown | { readonly open: string };
}

type Evidence = LedgerRow["evidence"];

/** Rows of one heading: for each, the evidence and the items it stands for. */
export function under(heading: string, ...rows: readonly (readonly [Evidence, ...string[]])[]): LedgerRow[] {
  return rows.map(([evidence, ...items]) => ({ heading, evidence, items }));
}

/** Shown by a DAG file and a test. */
export function shown(dag: string | null, file: string, name: string): Shown {
  return { dag, test: [file, name] };
}

/** Waits for later work. */
export const open = (subject: keyof typeof OPEN): Evidence => ({ open: OPEN[subject] });
