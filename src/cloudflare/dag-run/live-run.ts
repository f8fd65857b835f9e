/**
 * @module A run in the memory of its object: the engine's run, the host's book, and lookups by task. Small on purpose: no XCom values, no logs, no texts.
 */
import type { DagSpec, TaskGroupSpec } from "../../model/dag-spec.ts";
import type { Book } from "./book.ts";
import { CallAnswers } from "./call-answers.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { SlotRelease } from "../../model/command.ts";
import type { Sql } from "./sql.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskSpec } from "../../model/task-spec.ts";
import { readErrorOrds, readOutbox, readRun } from "./storage.ts";
import { noticesDueAt } from "./notice-rows.ts";
import { restoreDagRun } from "../../engine/dag-run/create.ts";

export interface LiveRun {
  readonly run: DagRun;
  readonly book: Book;
  readonly calls: CallAnswers;
  readonly tasks: TaskLookup;
  /** Instances with an error row. */
  readonly errorOrds: Set<number>;
  /** Queued instances whose message is not sent yet. */
  readonly unsent: Set<number>;
  /** What the objects of limits are to be told: see `slots.ts`. */
  readonly slotAsks: Set<number>;
  readonly slotRenewals: Set<number>;
  readonly slotReleases: Set<SlotRelease>;
  /** Outbox rows may be waiting. */
  commandsWaiting: boolean;
  /** When the next notice under way is to be looked at: see `notices.ts`. */
  noticesAt: number | null;
  /** The DAG object is to be told at once, not within the usual interval. */
  pushNow: boolean;
  /** `sql.rowsWritten` when the run was loaded, so that usage adds up over restarts. */
  rowsBefore: number;
}

/** The run of a just created object. */
export function freshRun(run: DagRun, book: Book, sql: Sql): LiveRun {
  return liveRun(run, book, sql, {
    calls: new CallAnswers(sql, []),
    errorOrds: new Set(),
    commandsWaiting: false,
    noticesAt: null,
  });
}

/** The run as its rows say; whatever was under way when the object vanished is under way again. */
export function loadedRun(sql: Sql): LiveRun {
  const { head, book, calls, spec, longest, instances, facts } = readRun(sql);
  const run = restoreDagRun({
    head,
    spec,
    longest,
    instances,
    facts,
    limitsDefaultPool: book.limitsDefaultPool ?? false,
  });
  return liveRun(run, book, sql, {
    calls: new CallAnswers(sql, calls),
    errorOrds: readErrorOrds(sql),
    commandsWaiting: readOutbox(sql, 1).length > 0,
    noticesAt: noticesDueAt(sql),
  });
}

function liveRun(
  run: DagRun,
  book: Book,
  sql: Sql,
  rest: Pick<LiveRun, "calls" | "errorOrds" | "commandsWaiting" | "noticesAt">,
): LiveRun {
  return {
    run,
    book,
    tasks: new TaskLookup(run.spec, run.instances),
    unsent: new Set(book.unsent),
    slotAsks: new Set(book.slotAsks),
    slotRenewals: new Set(),
    slotReleases: new Set(book.slotReleases),
    pushNow: false,
    rowsBefore: sql.rowsWritten - book.usage.rowsWritten,
    ...rest,
  };
}

/** Finds tasks by id and instances by task; mapped tasks may have grown since the last look. */
export class TaskLookup {
  readonly #spec: DagSpec;
  readonly #instances: readonly TaskInstance[];
  readonly #taskById: ReadonlyMap<string, number>;
  readonly #groupById: ReadonlyMap<string, TaskGroupSpec>;
  readonly #ordsByTask: number[][];
  #seen = 0;
  #mappedTasks: readonly string[] | undefined;

  constructor(spec: DagSpec, instances: readonly TaskInstance[]) {
    this.#spec = spec;
    this.#instances = instances;
    this.#taskById = new Map(spec.tasks.map((task, index) => [task.taskId, index]));
    this.#groupById = new Map(spec.groups.map((group) => [group.groupId, group]));
    this.#ordsByTask = spec.tasks.map(() => []);
  }

  indexOf(taskId: string): number | undefined {
    return this.#taskById.get(taskId);
  }

  /** Ords of a task's instances, in order of creation; for a mapped task that is the order of map indexes. */
  ordsOf(taskId: string): readonly number[] {
    for (; this.#seen < this.#instances.length; this.#seen++) {
      const instance = this.#instances[this.#seen];
      if (instance !== undefined) this.#ordsByTask[instance.task]?.push(instance.ord);
    }
    const index = this.#taskById.get(taskId);
    return index === undefined ? [] : (this.#ordsByTask[index] ?? []);
  }

  /** The instance with this map index, or undefined. */
  ordOf(taskId: string, mapIndex: number): number | undefined {
    const ords = this.ordsOf(taskId);
    const guess = ords[Math.max(0, mapIndex)];
    if (guess !== undefined && this.#instances[guess]?.mapIndex === mapIndex) return guess;
    return ords.find((ord) => this.#instances[ord]?.mapIndex === mapIndex);
  }

  /** The mapped group around a task, if any. */
  mappedGroupOf(task: TaskSpec): TaskGroupSpec | undefined {
    for (let id = task.groupId; id !== null;) {
      const group = this.#groupById.get(id);
      if (group === undefined || group.expand !== null) return group;
      id = group.parent;
    }
    return undefined;
  }

  isMapped(task: TaskSpec): boolean {
    return task.expand !== null || this.mappedGroupOf(task) !== undefined;
  }

  /** Ids of all mapped tasks. Worked out once: every batch names them. */
  mappedTasks(): readonly string[] {
    return (this.#mappedTasks ??= this.#spec.tasks.filter((task) => this.isMapped(task)).map((task) => task.taskId));
  }
}
