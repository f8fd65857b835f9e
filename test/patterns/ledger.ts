/**
 * @module The pattern ledger: for every keyword, operator, import and practice of the pattern document the example DAG and the test that show it,
 * or the subject of the later work that brings it. `ledger.test.ts` fails on a hole.
 */
import { AIRFLOW_ROWS } from "./ledger-airflow.ts";
import { PRACTICE_ROWS } from "./ledger-practices.ts";
import type { LedgerRow } from "./ledger-row.ts";

export const LEDGER: readonly LedgerRow[] = [...AIRFLOW_ROWS, ...PRACTICE_ROWS];
