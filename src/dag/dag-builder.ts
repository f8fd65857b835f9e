/**
 * @module The DAG under construction: what placing a task, opening a group or drawing an edge inside `dag(...)` writes to.
 *
 * A body is synchronous, so one module-level "current DAG" is enough; nothing of it outlives the call of `dag`.
 */
import type { PlacedEnd, PlacedGroup, PlacedTask } from "./placed.ts";
import { assertKey, invalidDag, type Place } from "./invalid-dag.ts";
import { endName } from "./placed.ts";

export interface PlacedEdge {
  readonly from: PlacedEnd;
  readonly to: PlacedEnd;
}

export class DagBuilder {
  readonly dagId: string;
  readonly tasks = new Map<string, PlacedTask>();
  readonly groups = new Map<string, PlacedGroup>();
  readonly edges: PlacedEdge[] = [];
  readonly mapFunctions: ((element: unknown) => unknown)[] = [];
  /** Set while a group's body runs. */
  group: PlacedGroup | null = null;
  /** True when the body has returned: nothing may be placed or drawn any more. */
  closed = false;

  constructor(dagId: string) {
    this.dagId = dagId;
  }

  /** Full id below the current group. Throws when it is taken or no id. */
  newId(what: "task id" | "group id", id: unknown): string {
    assertKey({ dagId: this.dagId }, what, id);
    const group = this.group;
    const prefixed = group !== null && group.prefixGroupId ? `${group.groupId}.${id}` : id;
    const place: Place = { dagId: this.dagId, ...(what === "task id" ? { taskId: prefixed } : { groupId: prefixed }) };
    assertKey(place, what, prefixed);
    if (this.tasks.has(prefixed)) {
      throw invalidDag(
        place,
        `the id is placed twice in this DAG; give the second one its own with .with({ id: "..." }), or put it into a taskGroup`,
      );
    }
    if (this.groups.has(prefixed)) throw invalidDag(place, "a task group has this id already; rename one of them");
    return prefixed;
  }

  addTask(task: PlacedTask): void {
    this.tasks.set(task.taskId, task);
  }

  addGroup(group: PlacedGroup): void {
    this.groups.set(group.groupId, group);
  }

  addEdge(from: PlacedEnd, to: PlacedEnd): void {
    for (const end of [from, to]) {
      if (end.builder === this) continue;
      throw invalidDag(
        { dagId: this.dagId },
        `${endName(end)} belongs to DAG "${end.builder.dagId}"; a task is wired only inside its own DAG (place the task again here)`,
      );
    }
    if (this.closed)
      throw invalidDag(
        { dagId: this.dagId },
        `the edge from ${endName(from)} to ${endName(to)} is drawn after the DAG was built; draw it inside dag(...)`,
      );
    this.edges.push({ from, to });
  }
}

let current: DagBuilder | undefined;

/** The DAG whose body runs now. Throws with the remedy when there is none. */
export function currentBuilder(what: string): DagBuilder {
  if (current !== undefined) return current;
  throw invalidDag(
    {},
    `${what} is placed outside of a DAG; call it inside the body of dag("...", options, () => { ... })`,
  );
}

/** Runs a DAG's body. It must be synchronous, and DAGs do not nest. */
export function buildDag(dagId: string, body: () => unknown): DagBuilder {
  if (current !== undefined) {
    throw invalidDag(
      { dagId },
      `it is defined inside the body of DAG "${current.dagId}"; define it at the top level of the file`,
    );
  }
  const builder = new DagBuilder(dagId);
  current = builder;
  try {
    const answer = body();
    if (answer instanceof Promise) {
      // The rest of an async body would run without its DAG; its own error would be nobody's.
      answer.catch(() => undefined);
      throw invalidDag(
        { dagId },
        "its body is async; a body only draws the graph: make it synchronous and move the work into tasks",
      );
    }
  } finally {
    current = undefined;
    builder.closed = true;
  }
  return builder;
}
