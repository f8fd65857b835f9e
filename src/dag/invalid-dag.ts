/**
 * @module Load errors of a DAG: what is wrong, in which DAG and task, and what to do. The file that holds the DAG becomes an import error.
 */
import { AirflareError } from "../model/error.ts";
import { KEY_LENGTH_MAX, KEY_PATTERN } from "../model/ids.ts";

/** Where a mistake is; printed as `DAG "etl", task "load"`. */
export interface Place {
  readonly dagId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly groupId?: string | undefined;
}

/** An `invalid_dag` error: place, problem, remedy. */
export function invalidDag(place: Place, problem: string): AirflareError {
  const where = placeText(place);
  return new AirflareError("invalid_dag", where === "" ? problem : `${where}: ${problem}`, { details: { ...place } });
}

export function placeText(place: Place): string {
  const parts = [
    place.dagId === undefined ? "" : `DAG "${place.dagId}"`,
    place.groupId === undefined ? "" : `task group "${place.groupId}"`,
    place.taskId === undefined ? "" : `task "${place.taskId}"`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Throws unless `id` keeps Airflow's rule for ids. */
export function assertKey(place: Place, what: string, id: unknown): asserts id is string {
  if (typeof id === "string" && id.length <= KEY_LENGTH_MAX && KEY_PATTERN.test(id)) return;
  throw invalidDag(
    place,
    `${JSON.stringify(id)} is no ${what}; use 1 to ${KEY_LENGTH_MAX} letters, digits, "-", "_" or "."`,
  );
}
