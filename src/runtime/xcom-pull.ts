/**
 * @module `ti.xcomPull` with Airflow 3's rules: default key `return_value`, default task the own one; one id gives a value (of a mapped task the list of
 * its values, inside one mapped group the value at the own index), a list of ids gives a list in that order; missing = the default.
 */
import type { XComPullOptions } from "../dag/context.ts";
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { TaskId } from "../model/ids.ts";
import type { XComEntry } from "../model/protocol.ts";
import { RETURN_KEY, type XComValue } from "../model/xcom.ts";
import { mappedGroupOf } from "./spec-index.ts";
import type { XComReader } from "./xcoms.ts";

/** Who pulls, and from where. */
export interface PullScope {
  readonly taskId: TaskId;
  readonly mapIndex: number;
  readonly dag: Pick<ExecutableDag, "spec">;
  readonly xcoms: XComReader;
  /** What this attempt itself has pushed so far. */
  readonly pushed: (key: string) => XComValue | undefined;
}

type PullArgument = string | readonly string[] | XComPullOptions | undefined;

/** `ti.xcomPull` of one attempt or callback. */
export function xcomPuller(scope: PullScope): (what?: PullArgument, key?: string) => Promise<unknown> {
  return (what, key) => {
    if (typeof what === "object" && !isList(what)) return pull(scope, what);
    return pull(scope, { ...(what === undefined ? {} : { taskIds: what }), ...(key === undefined ? {} : { key }) });
  };
}

async function pull(scope: PullScope, options: XComPullOptions): Promise<unknown> {
  const { taskIds, key = RETURN_KEY, mapIndexes } = options;
  const single = !isList(taskIds);
  const ids = isList(taskIds) ? taskIds : [taskIds ?? scope.taskId];
  const perTask = await Promise.all(ids.map((id) => valuesOf(scope, id, key, mapIndexes)));
  const orDefault = (value: unknown): unknown => (value === undefined ? options.default : value);
  if (single && perTask[0]?.list === false) return orDefault(perTask[0].values[0]);
  // A missing value keeps its place in the answer; a mapped task gives as many as there are.
  return perTask.flatMap(({ list, values }) => (list ? values : [values[0]]).map(orDefault));
}

/** `list`: there may be any number of values, even none. */
async function valuesOf(
  scope: PullScope,
  taskId: TaskId,
  key: string,
  mapIndexes: number | readonly number[] | undefined,
): Promise<{ readonly list: boolean; readonly values: readonly unknown[] }> {
  const indexes = wantedIndexes(scope, taskId, mapIndexes);
  const entries = withOwnPush(scope, taskId, key, indexes, await scope.xcoms.fetch(taskId, key, indexes));
  if (indexes !== undefined) {
    const byIndex = new Map(entries.map((entry) => [entry.mapIndex, entry.value]));
    const values = indexes.map(async (index) => {
      const value = byIndex.get(index);
      return value === undefined ? undefined : scope.xcoms.load(value);
    });
    return { list: typeof mapIndexes === "object", values: await Promise.all(values) };
  }
  const list = scope.xcoms.isMapped(taskId) || entries.some((entry) => entry.mapIndex >= 0);
  return { list, values: await Promise.all(entries.map((entry) => scope.xcoms.load(entry.value))) };
}

function wantedIndexes(
  scope: PullScope,
  taskId: TaskId,
  mapIndexes: number | readonly number[] | undefined,
): readonly number[] | undefined {
  if (typeof mapIndexes === "number") return [mapIndexes];
  if (mapIndexes !== undefined) return mapIndexes;
  if (taskId === scope.taskId) return [scope.mapIndex];
  const group = mappedGroupOf(scope.dag.spec, scope.taskId);
  return group !== undefined && group === mappedGroupOf(scope.dag.spec, taskId) ? [scope.mapIndex] : undefined;
}

/** Own pushes are stored with the report; the attempt itself sees them at once. */
function withOwnPush(
  scope: PullScope,
  taskId: TaskId,
  key: string,
  indexes: readonly number[] | undefined,
  entries: readonly XComEntry[],
): readonly XComEntry[] {
  const { mapIndex } = scope;
  const value = taskId === scope.taskId ? scope.pushed(key) : undefined;
  if (value === undefined || indexes?.includes(mapIndex) === false) return entries;
  return [...entries.filter((entry) => entry.mapIndex !== mapIndex), { taskId, mapIndex, key, value }];
}

function isList(what: PullArgument): what is readonly string[] {
  return Array.isArray(what);
}
