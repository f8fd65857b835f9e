/**
 * @module One turn of a DAG's object: a change committed together with all that follows from it (queued runs that may start, fires that are due, the
 * backfill's next runs); behind the transaction the alarm, then what others are to be told.
 */
import type { DagRunHead } from "../../model/dag-run.ts";
import type { AssetQueue } from "./asset-queue.ts";
import type { BackfillDriver } from "./backfill-driver.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import type { RunMaker } from "./run-maker.ts";
import type { RunOrders } from "./run-orders.ts";
import type { RunSchedules } from "./run-schedules.ts";
import { promiseNext } from "./schedule-cursor.ts";

interface Parts {
  readonly book: DagBook;
  readonly maker: RunMaker;
  readonly orders: RunOrders;
  readonly backfills: BackfillDriver;
  readonly schedules: RunSchedules;
  readonly assets: AssetQueue;
}

export class DagTurn {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One change of the state, and what the schedule owes after it. Does nothing before the DAG was synced. */
  change(change: (state: DagState) => void, when: "always" | "only-if-changed" = "always"): void {
    const { book, maker } = this.#parts;
    const state = book.read();
    if (state === null) return;
    this.commit(state, () => {
      const before = JSON.stringify(state);
      change(state);
      const at = book.scheduleNow(state);
      const made = at === null ? [] : maker.makeDue(state, at, "never");
      if (when === "always" || made.length > 0 || JSON.stringify(state) !== before) book.save(state, "columns");
      return made;
    });
  }

  /** Commits `work`, which answers the runs it made, and what follows from it. Null: nothing has changed that anything follows from. */
  commit(state: DagState, work: () => readonly DagRunHead[] | null): void {
    const { heads, more } = this.#parts.book.ports.sql.transactionSync(() => {
      const made = work();
      return made === null ? { heads: [], more: false } : this.#follow(state, made);
    });
    this.#settle(state, heads, more);
  }

  /** Computes the promised next run anew, inside a change. */
  promise(state: DagState): void {
    const { book } = this.#parts;
    const at = book.scheduleNow(state);
    const spec = book.spec(state);
    if (at === null || spec === null) return;
    promiseNext(spec, state, at);
    // What held the next run up may be gone with what has changed: the next tick sees.
    delete state.blocked;
  }

  /** What follows from any change, in its transaction: queued runs get their turn, schedules fire, the backfill goes on. */
  #follow(
    state: DagState,
    made: readonly DagRunHead[],
  ): { readonly heads: readonly DagRunHead[]; readonly more: boolean } {
    const { maker, orders, schedules, backfills, assets } = this.#parts;
    // The alarm goes on with it once orders are given.
    if (orders.isCrowded) return { heads: made, more: true };
    maker.startQueued(state);
    const fired = [...schedules.fire(state), ...assets.fire(state)];
    const { heads, more } = backfills.fill(state);
    return { heads: [...made, ...fired, ...heads], more };
  }

  /** Behind the transaction, in its turn: the alarm, then what others are to be told. `more`: work is left that the alarm goes on with at once. */
  #settle(state: DagState, heads: readonly DagRunHead[], more: boolean): void {
    const { book, maker, orders, assets } = this.#parts;
    book.arm(state, more ? book.now(state) : null);
    const tellAt = assets.dueAt();
    if (tellAt !== null) {
      book.arm(state, tellAt);
      book.ports.later(assets.tell(state));
    }
    book.mirrorLater(heads);
    const runIds = maker.takeOrders();
    if (runIds.length > 0) book.ports.later(orders.give(runIds));
  }
}
