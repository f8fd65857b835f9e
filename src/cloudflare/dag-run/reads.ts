/**
 * @module What the API reads of one run: task instances, tries, XComs. Nothing here changes a row.
 */
import type {
  DagRunApi,
  ReadTaskInstancesRequest,
  ReadXComsAnswer,
  ReadXComsRequest,
  TaskInstanceView,
} from "../../model/protocol.ts";
import { ordsWithXComs, readXComsAmong } from "./xcom-rows.ts";
import { readErrors, readNotes } from "./storage.ts";
import { AirflareError } from "../../model/error.ts";
import type { LiveRun } from "./live-run.ts";
import type { Sql } from "./sql.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** XComs of one answer at most, whatever the caller asks for. */
const XCOMS_PAGE_MAX = 2_000;
/** Characters of values in one answer, so that a page stays far below the limit of a call. */
const XCOMS_PAGE_CHARACTERS = 4_000_000;
/** Instances looked for together when no task is named. */
const ORDS_PAGE = 200;

/** The texts beside the packed numbers, read once for many views. */
interface Texts {
  readonly errors: ReturnType<typeof readErrors>;
  readonly notes: ReturnType<typeof readNotes>;
}

export function viewsOf(sql: Sql, live: LiveRun, instances: readonly TaskInstance[]): TaskInstanceView[] {
  const ords = instances.map((instance) => instance.ord);
  const texts = { errors: readErrors(sql, ords), notes: readNotes(sql, ords) };
  return instances.map((instance) => viewOf(live, instance, texts));
}

export function readTaskInstances(
  sql: Sql,
  live: LiveRun,
  request: ReadTaskInstancesRequest,
): Awaited<ReturnType<DagRunApi["readTaskInstances"]>> {
  const { taskIds, mapIndexes, states, sinceSeq, offset, limit } = request;
  const candidates =
    taskIds === undefined
      ? live.run.instances
      : taskIds.flatMap((taskId) => live.tasks.ordsOf(taskId).flatMap((ord) => live.run.instances[ord] ?? []));
  const matching = candidates.filter(
    (instance) =>
      instance.state !== "removed" &&
      (mapIndexes === undefined || mapIndexes.includes(instance.mapIndex)) &&
      (states === undefined || states.includes(instance.state)) &&
      (sinceSeq === undefined || instance.seq > sinceSeq),
  );
  return { views: viewsOf(sql, live, matching.slice(offset, offset + limit)), total: matching.length };
}

/** One page of XComs in order of instance and key. Pages end early when values are large. */
export function readXComs(sql: Sql, live: LiveRun, request: ReadXComsRequest): ReadXComsAnswer {
  const { key, after } = request;
  const limit = Math.min(request.limit, XCOMS_PAGE_MAX);
  const entries: ReadXComsAnswer["entries"][number][] = [];
  let characters = 0;
  for (const row of readXComsAmong(sql, askedOrds(sql, live, request), key)) {
    const instance = live.run.instances[row.ord];
    if (instance === undefined || (after?.ord === row.ord && row.key <= after.key)) continue;
    const last = entries.at(-1);
    if (last !== undefined && (entries.length >= limit || characters > XCOMS_PAGE_CHARACTERS))
      return { entries, more: { ord: last.ord, key: last.key } };
    entries.push({
      taskId: live.run.spec.tasks[instance.task]?.taskId ?? "",
      mapIndex: instance.mapIndex,
      ...row,
    });
    if (row.value.in === "inline") characters += row.value.text.length;
  }
  return { entries, more: null };
}

/** Ords that a request may mean, ascending from where it goes on: of the tasks it names, or all that have an XCom. */
function* askedOrds(sql: Sql, live: LiveRun, request: ReadXComsRequest): Generator<number> {
  const { taskIds, mapIndexes } = request;
  let from = request.after?.ord ?? 0;
  const isAsked = (ord: number): boolean =>
    ord >= from && (mapIndexes === undefined || mapIndexes.includes(live.run.instances[ord]?.mapIndex ?? -1));
  if (taskIds.length > 0) {
    const ords = [...new Set(taskIds)].flatMap((id) => live.tasks.ordsOf(id)).filter(isAsked);
    yield* ords.toSorted((a, b) => a - b);
    return;
  }
  for (;;) {
    const ords = ordsWithXComs(sql, from, ORDS_PAGE);
    if (ords.length === 0) return;
    yield* ords.filter(isAsked);
    from = (ords.at(-1) ?? from) + 1;
  }
}

/** The instance a caller names, or `task_not_found` / `task_instance_not_found`. */
export function instanceOf(live: LiveRun, taskId: string, mapIndex: number): TaskInstance {
  const { dagId, runId } = live.run.head;
  if (live.tasks.indexOf(taskId) === undefined)
    throw new AirflareError("task_not_found", `DAG ${dagId} has no task ${taskId} in the version of run ${runId}.`);
  const ord = live.tasks.ordOf(taskId, mapIndex);
  const instance = ord === undefined ? undefined : live.run.instances[ord];
  if (instance === undefined)
    throw new AirflareError(
      "task_instance_not_found",
      `Run ${runId} of DAG ${dagId} has no instance of task ${taskId} with map index ${mapIndex}.`,
    );
  return instance;
}

function viewOf(live: LiveRun, instance: TaskInstance, texts: Texts): TaskInstanceView {
  const { nonce: _secret, task, ...numbers } = instance;
  return {
    ...numbers,
    taskId: live.run.spec.tasks[task]?.taskId ?? "",
    note: texts.notes.get(instance.ord) ?? null,
    error: texts.errors.get(instance.ord) ?? null,
    renderedMapIndex: null,
  };
}
