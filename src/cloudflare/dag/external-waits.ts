/**
 * @module Tasks of other DAGs that wait for this one: answers what its runs are like now, notes who is to be woken, and wakes them.
 *
 *     observe -> row -> answer now ... a run changes -> row owed -> wake command to the waiting run's object -> it looks again
 */
import { judgeExternal } from "../../dag/external-wait.ts";
import type { ExternalWait } from "../../model/deferral.ts";
import type { DagSpec, TaskGroupSpec } from "../../model/dag-spec.ts";
import type { ObserveAnswer, ObservedRun, ObserveRequest, RunStatePush } from "../../model/protocol.ts";
import { TASK_INSTANCE_STATES } from "../../model/state.ts";
import type { DagBook } from "./dag-book.ts";
import type { OwedWake } from "./external-watches.ts";
import type { RunOrders } from "./run-orders.ts";
import { findRunByLogicalDate } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { Pending } from "./storage.ts";

/** Instances read per call; mapped tasks may have more. */
const PAGE = 500;

export class ExternalWaits {
  readonly #book: DagBook;
  readonly #orders: RunOrders;

  constructor(book: DagBook, orders: RunOrders) {
    this.#book = book;
    this.#orders = orders;
  }

  /** The runs as they are now. The wait is noted before they are read: what changes meanwhile wakes the waiter. */
  async observe(request: ObserveRequest): Promise<ObserveAnswer> {
    const { sql, clock } = this.#book.ports;
    const state = this.#book.read();
    if (state === null) return { isDeployed: false, unknown: [], runs: [] };
    const { wait } = request;
    const spec = this.#book.spec(state);
    const { taskIds, unknown } = tasksOf(wait, spec);
    const { watches } = this.#book;
    sql.transactionSync<void>(() => {
      watches.prune(clock());
      watches.put(request, taskIds);
    });
    const found = wait.logicalDates.map((logicalDate) => findRunByLogicalDate(sql, logicalDate));
    const runs = await Promise.all(
      found.filter((run) => run !== null).map((run) => this.#observeRun(run, wait, taskIds)),
    );
    if (judgeExternal(wait, runs) !== "waiting") sql.transactionSync<void>(() => watches.delete(request));
    return { isDeployed: !state.retired, unknown, runs };
  }

  /** A run's object has told what changed: those who wait for it are woken. In the turn in which the DAG's own row of the run was changed. */
  pushed({ head, instances }: RunStatePush): void {
    const state = this.#book.read();
    const { watches, ports } = this.#book;
    if (state === null || !watches.owe({ logicalDate: head.logicalDate, state: head.state, instances })) return;
    this.#book.arm(state);
    ports.later(this.tell());
  }

  /** Wakes those who are owed it. What fails stays owed, and the alarm tries again. Never throws. */
  async tell(): Promise<void> {
    const { watches } = this.#book;
    await Promise.all(watches.owed().map((wake) => this.#wake(wake)));
    const state = this.#book.read();
    if (state !== null && watches.isOwed()) this.#book.arm(state);
  }

  async #wake(wake: OwedWake): Promise<void> {
    const { run, randomId, onError, clock } = this.#book.ports;
    const { dagId, runId, taskId, mapIndex } = wake;
    try {
      await run(runId, dagId).command({ callId: randomId(), command: { kind: "wake", taskId, mapIndex } });
      this.#book.watches.told(wake);
    } catch (error) {
      // A run that was deleted waits for nothing.
      if (error instanceof Error && "code" in error && error.code === "dag_run_not_found")
        return this.#book.watches.told(wake);
      this.#book.watches.failed(clock());
      onError(`wake-up of task ${taskId} of run ${runId} of DAG ${dagId}`, error);
    }
  }

  async #observeRun(run: RunRow, wait: ExternalWait, taskIds: readonly string[] | null): Promise<ObservedRun> {
    const logicalDate = run.logicalDate ?? 0;
    if (taskIds === null) return { logicalDate, state: run.state, instances: [] };
    // The object may not exist yet: it must, to be told of what to tell.
    if ((run.pending & Pending.CREATE) !== 0) await this.#orders.give([run.runId]);
    const states = [...wait.allowedStates, ...wait.failedStates, ...wait.skippedStates];
    const tellOf = TASK_INSTANCE_STATES.filter((known) => states.includes(known));
    const instances: ObservedRun["instances"][number][] = [];
    for (;;) {
      const request = { taskIds, tellOf, offset: instances.length, limit: PAGE };
      // Each page starts where the last one ended.
      // oxlint-disable-next-line no-await-in-loop
      const page = await this.#book.ports.run(run.runId).readTaskInstances(request);
      instances.push(...page.views.map(({ taskId, mapIndex, state }) => ({ taskId, mapIndex, state })));
      if (page.views.length === 0 || instances.length >= page.total) break;
    }
    return { logicalDate, state: run.state, instances };
  }
}

/** The tasks that a wait is about, as the deployed DAG has them; `unknown`: those it does not have. */
function tasksOf(
  { taskIds, groupId }: ExternalWait,
  spec: DagSpec | null,
): { readonly taskIds: readonly string[] | null; readonly unknown: readonly string[] } {
  if (groupId !== null) {
    const groups = new Map(spec?.groups.map((group) => [group.groupId, group]));
    const own = spec?.tasks.filter((task) => isWithin(groups, task.groupId, groupId)) ?? [];
    return { taskIds: own.map(({ taskId }) => taskId), unknown: groups.has(groupId) ? [] : [groupId] };
  }
  const known = new Set(spec?.tasks.map(({ taskId }) => taskId));
  return { taskIds, unknown: (taskIds ?? []).filter((taskId) => !known.has(taskId)) };
}

function isWithin(groups: ReadonlyMap<string, TaskGroupSpec>, at: string | null, groupId: string): boolean {
  for (let id = at; id !== null; id = groups.get(id)?.parent ?? null) if (id === groupId) return true;
  return false;
}
