/**
 * @module A DAG spec as stored text. Tasks behind the same many tasks share one list of them, in the text as in memory: 100 layers of 100 tasks have a
 * million edges, but 99 lists.
 */
import type { DagSpec } from "./dag-spec.ts";
import type { TaskId } from "./ids.ts";
import type { TaskSpec } from "./task-spec.ts";

/** Shorter lists are spelled out: a number would save little and make the text harder to read. */
const SHARED_LENGTH_MIN = 8;

type CompactTask = Omit<TaskSpec, "upstream"> & { readonly upstream: readonly TaskId[] | number };

/** As it is stored and hashed: a spec without shared lists is itself. */
export type CompactSpec = Omit<DagSpec, "tasks"> & {
  readonly tasks: readonly CompactTask[];
  /** What the numbers in `upstream` mean. */
  readonly upstreamLists?: readonly (readonly TaskId[])[];
};

/** With equal upstream lists as numbers. The same content gives the same answer, whichever lists are one in memory. */
export function compactSpec(spec: DagSpec): CompactSpec {
  const keyOf = listKeys();
  const uses = new Map<string, number>();
  for (const { upstream } of spec.tasks) {
    if (upstream.length < SHARED_LENGTH_MIN) continue;
    uses.set(keyOf(upstream), (uses.get(keyOf(upstream)) ?? 0) + 1);
  }
  const numbers = new Map<string, number>();
  const upstreamLists: (readonly TaskId[])[] = [];
  const tasks = spec.tasks.map((task): CompactTask => {
    if (task.upstream.length < SHARED_LENGTH_MIN) return task;
    const key = keyOf(task.upstream);
    if ((uses.get(key) ?? 0) < 2) return task;
    const upstream = numbers.get(key) ?? upstreamLists.push(task.upstream) - 1;
    numbers.set(key, upstream);
    return { ...task, upstream };
  });
  return upstreamLists.length === 0 ? spec : { ...spec, tasks, upstreamLists };
}

export function specText(spec: DagSpec): string {
  return JSON.stringify(compactSpec(spec));
}

/** The spec behind a text that {@link specText} made. */
export function parseSpec(text: string): DagSpec {
  const stored: CompactSpec = JSON.parse(text);
  if (isPlain(stored)) return stored;
  const { upstreamLists = [], tasks, ...rest } = stored;
  return {
    ...rest,
    tasks: tasks.map((task) => {
      const { upstream } = task;
      return { ...task, upstream: typeof upstream === "number" ? (upstreamLists[upstream] ?? []) : upstream };
    }),
  };
}

function isPlain(spec: CompactSpec): spec is DagSpec {
  return spec.upstreamLists === undefined;
}

/** Lists that are equal in content as one list in memory. */
export function sharedLists(): (list: readonly TaskId[]) => readonly TaskId[] {
  const keyOf = listKeys();
  const known = new Map<string, readonly TaskId[]>();
  return (list) => {
    if (list.length < SHARED_LENGTH_MIN) return list;
    const key = keyOf(list);
    const first = known.get(key) ?? list;
    known.set(key, first);
    return first;
  };
}

/** Content as a key; of a list seen before without reading it again. */
function listKeys(): (list: readonly TaskId[]) => string {
  const known = new Map<readonly TaskId[], string>();
  return (list) => {
    const key = known.get(list) ?? list.join("\n");
    known.set(list, key);
    return key;
  };
}
