/**
 * @module A run asked for by a call: made once, whoever asks how often. The caller gets what the run's object needs and brings it there.
 */
import type { DagRunHead } from "../../model/dag-run.ts";
import { errorInfo } from "../../model/error.ts";
import type { CreateRunAnswer, CreateRunRequest } from "../../model/protocol.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import { averageRun } from "./durations.ts";
import { newRunHead } from "./new-run.ts";
import { refusal, takenBy } from "./run-conflict.ts";
import type { OpenRuns } from "./open-runs.ts";
import type { RunMaker } from "./run-maker.ts";
import type { RunOrders } from "./run-orders.ts";
import { findRun } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { readCall, readPendingCreate } from "./storage.ts";

export class RunCreation {
  readonly #book: DagBook;
  readonly #maker: RunMaker;
  readonly #orders: RunOrders;
  readonly #runs: OpenRuns;

  constructor(book: DagBook, maker: RunMaker, orders: RunOrders, runs: OpenRuns) {
    this.#book = book;
    this.#maker = maker;
    this.#orders = orders;
    this.#runs = runs;
  }

  /** Makes the run, unless its id or logical date is taken. Asking twice gives the same run. */
  async create(request: CreateRunRequest): Promise<CreateRunAnswer> {
    const { sql, randomId } = this.#book.ports;
    const state = this.#book.read();
    const spec = state === null ? null : this.#book.spec(state);
    if (state === null || spec === null || state.specHash !== request.specHash) {
      return { kind: "spec-needed", have: state?.specHash ?? null };
    }
    const repeated = readCall(sql, request.callId);
    const made = repeated === null ? null : findRun(sql, repeated);
    if (made !== null) return await this.#answerExisting(state, request, made);
    let head: DagRunHead;
    try {
      head = { ...newRunHead(spec, request, this.#book.now(state), randomId), ...averageRun(sql, spec) };
    } catch (error) {
      // Params that do not fit, and a schedule that cannot say its interval: the caller's to mend.
      return { kind: "refused", error: errorInfo(error) };
    }
    const taken = takenBy(sql, head);
    if (taken !== null) return await this.#answerExisting(state, request, taken);
    const run = sql.transactionSync(() => {
      const row = this.#maker.make(state, head, request);
      // It may wait for long, and only an alarm that may be lost would start it: the cron knows, too.
      if (row.state === "queued") this.#runs.watch(state);
      return row;
    });
    this.#book.arm(state);
    this.#book.mirrorLater([head]);
    return this.#created(state, request, run, head);
  }

  async #answerExisting(state: DagState, request: CreateRunRequest, run: RunRow): Promise<CreateRunAnswer> {
    const { sql } = this.#book.ports;
    const sameCall = run.callId === request.callId;
    if (!sameCall && !request.returnExisting) return refusal(state.dagId, request, run);
    // The answer of the first call was lost: its run is still to be created.
    const pending = readPendingCreate(sql, run.runId);
    if (sameCall && pending !== null) return this.#created(state, request, run, pending);
    const head = pending ?? (await this.#orders.readHead(run.runId));
    return head === null ? refusal(state.dagId, request, run) : { kind: "existing", head };
  }

  #created(state: DagState, request: CreateRunRequest, run: RunRow, head: DagRunHead): CreateRunAnswer {
    const create = this.#orders.createRequest(run, head);
    return create === null ? refusal(state.dagId, request, run) : { kind: "created", create };
  }
}
