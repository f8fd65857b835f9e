/**
 * @module Task states that somebody outside waits for: the DAG's object is told of them at once. Kept in the run's book; a run that nobody waits for has none.
 */
import type { LiveRun } from "./live-run.ts";
import type { ReadTaskInstancesRequest } from "../../model/protocol.ts";

/** Notes what a reader wants to be told of; true when the book is to be written. */
export function noteTellOf(live: LiveRun, request: ReadTaskInstancesRequest): boolean {
  const { taskIds = [], tellOf: states = [] } = request;
  const known = live.book.tellOf ?? {};
  const news = taskIds.filter((taskId) => states.some((state) => known[taskId]?.includes(state) !== true));
  if (news.length === 0) return false;
  const added = news.map((taskId) => [taskId, [...new Set([...(known[taskId] ?? []), ...states])]] as const);
  live.book.tellOf = { ...known, ...Object.fromEntries(added) };
  return true;
}

/** True when one of the changed instances has come into a state that somebody waits for. */
export function isWaitedFor(live: LiveRun, ords: readonly number[]): boolean {
  const wanted = live.book.tellOf;
  if (wanted === undefined) return false;
  return ords.some((ord) => {
    const instance = live.run.instances[ord];
    const taskId = live.run.spec.tasks[instance?.task ?? -1]?.taskId;
    return instance !== undefined && taskId !== undefined && wanted[taskId]?.includes(instance.state) === true;
  });
}
