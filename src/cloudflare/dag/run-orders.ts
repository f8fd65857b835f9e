/**
 * @module What the DAG's object owes its runs' objects: that they exist, that they start when their turn comes, that waiting tasks hear of the run before.
 * Each order is a row until it is confirmed, and may be given twice.
 */
import { judgePastRun } from "../../engine/deps/past-run.ts";
import type { PastAnswer } from "../../engine/deps/past-run.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { RunId } from "../../model/ids.ts";
import type { CreateDagRunRequest } from "../../model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { DagPorts } from "./dag-ports.ts";
import { findBackfill } from "./backfill-rows.ts";
import { longestDurations } from "./durations.ts";
import { findRun, updateRun } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { deletePendingCreate, Pending, readPendingCreate, readSpec, readState } from "./storage.ts";
import { answerWatch, deleteWatch, putWatch, runBefore, watchesOn } from "./watchers.ts";
import type { Watch } from "./watchers.ts";

/** Runs spoken to at the same time: the platform lets six connections wait for headers. */
const PARALLEL = 6;
/** With so many orders under way no further runs are started: thousands that are due at once must not all be opened at once. */
const CROWD = 200;

export class RunOrders {
  readonly #ports: DagPorts;
  /** Orders under way or waiting for one of the `PARALLEL` lanes. */
  #left = 0;
  /** Those that wait for a lane, first come first served. */
  readonly #lane: (() => void)[] = [];
  /** Who waits until this object is not crowded any more. */
  readonly #relieved: (() => void)[] = [];
  constructor(ports: DagPorts) {
    this.#ports = ports;
  }

  /** What the object of a run needs to exist, while it has not confirmed (`head`: as kept until then); null afterwards. */
  createRequest(run: RunRow, head: DagRunHead | null): Omit<CreateDagRunRequest, "offer"> | null {
    const { sql } = this.#ports;
    const pinned = head === null ? null : readSpec(sql, head.specHash);
    if (head === null || pinned === null) return null;
    return {
      head,
      specText: pinned.text,
      longest: longestDurations(sql),
      start: run.state === "running",
      ...(readState(sql)?.limitsDefaultPool === true ? { limitsDefaultPool: true } : {}),
    };
  }

  /** True while further runs should wait; {@link relieved} says when they need not. */
  get isCrowded(): boolean {
    return this.#left >= CROWD;
  }

  /** Resolves when this object is not crowded, or not any more. */
  async relieved(): Promise<void> {
    if (this.isCrowded) await new Promise<void>((resolve) => this.#relieved.push(resolve));
  }

  /** Gives the open orders of these runs. What fails stays and is given again at the run's `checkAt`. */
  async give(runIds: readonly RunId[]): Promise<void> {
    await Promise.all(
      runIds.map((runId) =>
        this.#inTurn(() => this.#giveOne(runId)).catch((error: unknown) =>
          this.#ports.onError(`orders of run ${runId}`, error),
        ),
      ),
    );
  }

  /** A few at a time, whoever gave the orders: a page of runs is more than the connections that may be open. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (++this.#left > PARALLEL) await new Promise<void>((resolve) => this.#lane.push(resolve));
    try {
      await work();
    } finally {
      this.#left--;
      this.#lane.shift()?.();
      if (!this.isCrowded) for (const wake of this.#relieved.splice(0)) wake();
    }
  }

  /** The head of a run as its object has it; null when it has none, which a lost creation explains. */
  async readHead(runId: RunId): Promise<DagRunHead | null> {
    return await this.#ports.run(runId).readHead();
  }

  /** Answers a watch, and keeps it while the answer is no. */
  async watch(watch: Watch, catchup: boolean): Promise<PastAnswer> {
    const answer = await this.#ask(watch, catchup);
    if (answer.passed) deleteWatch(this.#ports.sql, watch);
    return answer;
  }

  /** Tells the runs that wait for `awaited` when their answer has become yes. */
  async tellWatchers(awaited: RunId): Promise<void> {
    const { sql, run } = this.#ports;
    await this.#tellAll(watchesOn(sql, awaited), (watch) => answerWatch(run(awaited), awaited, watch));
  }

  /** Asks anew for tasks whose run before was deleted, or may be another one by now. */
  async askAgain(watches: readonly Watch[], catchup: boolean): Promise<void> {
    await this.#tellAll(watches, (watch) => this.#ask(watch, catchup));
  }

  async #ask(watch: Watch, catchup: boolean): Promise<PastAnswer> {
    const { sql, run } = this.#ports;
    const before = runBefore(sql, watch.runId, catchup);
    if (before === null) return judgePastRun(watch, null);
    // Noted before asking: the awaited task may end while the question is under way.
    putWatch(sql, watch, before.runId);
    return await answerWatch(run(before.runId), before.runId, watch);
  }

  async #tellAll(watches: readonly Watch[], ask: (watch: Watch) => Promise<PastAnswer>): Promise<void> {
    const { sql, run, onError } = this.#ports;
    const tell = async (watch: Watch): Promise<void> => {
      const answer = await ask(watch);
      if (!answer.passed) return;
      const command = { kind: "watched-state", watchId: watch.watchId, ...answer } as const;
      await run(watch.runId).command({ callId: this.#ports.randomId(), command });
      deleteWatch(sql, watch);
    };
    await Promise.all(
      watches.map((watch) => tell(watch).catch((error: unknown) => onError(`watch of run ${watch.runId}`, error))),
    );
  }

  async #giveOne(runId: RunId): Promise<void> {
    const { sql, run } = this.#ports;
    const row = findRun(sql, runId);
    if (row === null || FINISHED_RUN_STATES.has(row.state)) return;
    const isOwed = (row.pending & Pending.CREATE) !== 0;
    const create = isOwed ? this.createRequest(row, readPendingCreate(sql, runId)) : null;
    if (create !== null) {
      await run(runId).create({ ...create, offer: null });
      this.#settle(row, Pending.CREATE);
    }
    // A run that was created queued, or that the handler created before its turn came, is told apart from a new one only by itself.
    if ((row.pending & Pending.START) !== 0) {
      await run(runId).command({ callId: this.#ports.randomId(), command: { kind: "start" } });
      this.#settle(row, Pending.START);
    }
    if ((row.pending & Pending.REPROCESS) !== 0 && row.backfillId !== null) {
      const backfill = findBackfill(sql, row.backfillId)?.backfill;
      if (backfill?.runOnLatestVersion === true) await this.#syncSpec(runId);
      const conf = backfill?.conf ?? null;
      const command = { kind: "reprocess", backfillId: String(row.backfillId), conf } as const;
      await run(runId).command({ callId: this.#ports.randomId(), command });
      this.#settle(row, Pending.REPROCESS);
    }
    if ((row.pending & Pending.CANCEL) !== 0) {
      const command = { kind: "cancel", by: "schedule" } as const;
      await run(runId).command({ callId: this.#ports.randomId(), command });
      this.#settle(row, Pending.CANCEL);
    }
  }

  /** A run that runs again does so as the DAG is now. */
  async #syncSpec(runId: RunId): Promise<void> {
    const { sql, run, randomId } = this.#ports;
    const specHash = readState(sql)?.specHash;
    const pinned = specHash === undefined ? null : readSpec(sql, specHash);
    if (specHash === undefined || pinned === null) return;
    const command = { kind: "sync-spec", specText: pinned.text, specHash } as const;
    await run(runId).command({ callId: randomId(), command });
  }

  /** Takes a confirmed order off the row of the same life of the run. */
  #settle(given: RunRow, bit: number): void {
    const { sql } = this.#ports;
    sql.transactionSync(() => {
      const row = findRun(sql, given.runId);
      if (row === null || row.incarnation !== given.incarnation) return;
      updateRun(sql, row.runId, { pending: row.pending & ~bit });
      if (bit === Pending.CREATE) deletePendingCreate(sql, row.runId);
    });
  }
}
