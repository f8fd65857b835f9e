/**
 * @module A DAG's backfills: made once, then one slot after the other gets its run as soon as the backfill's own limit has room. Works inside the
 * caller's transaction; the cursor moves with the run it made, so that a restart goes on where the last commit was.
 */
import { backfillSlots, slotAction } from "../../engine/backfill.ts";
import type { DagRunInfo } from "../../engine/timetable/base.ts";
import { runParams } from "../../dag/run-params.ts";
import type { Backfill, BackfillAnswer, BackfillOrder, BackfillRequest } from "../../model/backfill.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { AirflareError } from "../../model/error.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import {
  findBackfill,
  findOpenBackfill,
  insertBackfill,
  moveCursor,
  progressOf,
  slotsAhead,
  writeBackfill,
} from "./backfill-rows.ts";
import type { BackfillRow } from "./backfill-rows.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import type { RunMaker } from "./run-maker.ts";
import { countOpenOf, findRun, findRunByLogicalDate, statesBetween } from "./run-rows.ts";

/** Slots looked at, and runs made, in one go; the rest follows in the next alarm. */
const SLOTS_AT_ONCE = 1_000;
const RUNS_AT_ONCE = 50;

type Create = Extract<BackfillOrder, { kind: "create" }>;

export class BackfillDriver {
  readonly #book: DagBook;
  readonly #maker: RunMaker;

  constructor(book: DagBook, maker: RunMaker) {
    this.#book = book;
    this.#maker = maker;
  }

  /** Throws `invalid_backfill`, `backfill_already_running`, `backfill_not_found`, `backfill_completed`, `invalid_params`. */
  carryOut(state: DagState, spec: DagSpec, order: BackfillOrder): BackfillAnswer {
    if (order.kind === "dry-run") return this.#plan(state, spec, order.request);
    if (order.kind === "create") return this.#create(state, spec, order);
    const row = this.#require(order.backfillId, order.kind === "read");
    if (order.kind === "read") return this.#answer(row);
    if (row.backfill.completedAt !== null)
      throw new AirflareError("backfill_completed", "Backfill is already completed.");
    const now = this.#book.now(state);
    writeBackfill(this.#book.ports.sql, {
      ...row.backfill,
      // As Airflow: a cancelled backfill is paused and completed; its running runs go on.
      isPaused: order.kind !== "unpause",
      updatedAt: now,
      completedAt: order.kind === "cancel" ? now : null,
    });
    return this.#answer(this.#require(order.backfillId, true));
  }

  /** Gives slots their runs while the limit has room, and ends the backfill behind its last run. `more`: there is work for the next alarm. */
  fill(state: DagState): { readonly heads: readonly DagRunHead[]; readonly more: boolean } {
    const { sql } = this.#book.ports;
    const row = findOpenBackfill(sql);
    const spec = this.#book.spec(state);
    if (row === null || spec === null) return { heads: [], more: false };
    const rests = row.backfill.isPaused || state.paused || state.retired;
    const filled = rests ? { heads: [], more: false } : this.#fillSlots(state, spec, row);
    if (row.cursor >= row.total && countOpenOf(sql, row.backfill.backfillId, "open", 1) === 0) {
      const now = this.#book.now(state);
      writeBackfill(sql, { ...row.backfill, updatedAt: now, completedAt: now });
    }
    return filled;
  }

  /** True for the run of the oldest slot of its backfill: it waits for no run before it. */
  isFirst(runId: string): boolean {
    const { sql } = this.#book.ports;
    const run = findRun(sql, runId);
    const row = run === null || run.backfillId === null ? null : findBackfill(sql, run.backfillId);
    return row !== null && row.firstDate === run?.logicalDate;
  }

  #plan(state: DagState, spec: DagSpec, request: BackfillRequest): BackfillAnswer {
    const slots = this.#slots(state, spec, request);
    const states = statesBetween(this.#book.ports.sql, request.fromDate, request.toDate);
    const made = slots.filter(({ logicalDate }) =>
      ["create", "reprocess"].includes(slotAction(states.get(logicalDate) ?? null, request.reprocessBehavior)),
    );
    return { kind: "planned", logicalDates: made.map(({ logicalDate }) => logicalDate) };
  }

  #create(state: DagState, spec: DagSpec, { request, backfillId, triggeringUser }: Create): BackfillAnswer {
    const { sql } = this.#book.ports;
    const known = findBackfill(sql, backfillId);
    if (known !== null) return this.#answer(known);
    if (findOpenBackfill(sql) !== null)
      throw new AirflareError("backfill_already_running", `There is already a running backfill for dag ${state.dagId}`);
    const slots = this.#slots(state, spec, request);
    if (slots.length === 0) throw new AirflareError("invalid_backfill", `No runs to create for Dag ${state.dagId}`);
    const now = this.#book.now(state);
    const backfill: Backfill = {
      ...request,
      backfillId,
      dagId: state.dagId,
      triggeringUser,
      isPaused: false,
      createdAt: now,
      updatedAt: now,
      completedAt: null,
    };
    const firstDate = Math.min(slots[0]?.logicalDate ?? 0, slots.at(-1)?.logicalDate ?? 0);
    insertBackfill(sql, { backfill, firstDate, total: slots.length, cursor: 0, skipped: 0 }, slots);
    return this.#answer(this.#require(backfillId, true));
  }

  #slots(state: DagState, spec: DagSpec, request: BackfillRequest): readonly DagRunInfo[] {
    const slots = backfillSlots(spec, request, this.#book.now(state));
    runParams(spec, request.conf ?? {});
    return slots;
  }

  #fillSlots(state: DagState, spec: DagSpec, row: BackfillRow): { heads: readonly DagRunHead[]; more: boolean } {
    const { sql } = this.#book.ports;
    const { backfillId, maxActiveRuns } = row.backfill;
    const heads: DagRunHead[] = [];
    const before = row.cursor;
    let open = countOpenOf(sql, backfillId, "open", maxActiveRuns);
    let made = 0;
    for (const slot of slotsAhead(sql, row)) {
      if (open >= maxActiveRuns || made >= RUNS_AT_ONCE || row.cursor - before >= SLOTS_AT_ONCE) break;
      const taken = this.#take(state, spec, row.backfill, slot);
      row.cursor++;
      if (taken === null) {
        row.skipped++;
        continue;
      }
      if (taken !== "adopted") heads.push(taken);
      open++;
      made++;
    }
    if (row.cursor > before) moveCursor(sql, row);
    return { heads, more: open < maxActiveRuns && row.cursor < row.total };
  }

  /** The slot's turn: a new run, an ended one that runs again, or nothing (null). */
  #take(state: DagState, spec: DagSpec, backfill: Backfill, slot: DagRunInfo): DagRunHead | "adopted" | null {
    const existing = findRunByLogicalDate(this.#book.ports.sql, slot.logicalDate);
    const action = slotAction(existing?.state ?? null, backfill.reprocessBehavior);
    if (action === "create") return this.#maker.makeOwn(spec, state, runRequest(state, backfill, slot));
    if (action !== "reprocess" || existing === null) return null;
    this.#maker.adopt(state, existing, backfill.backfillId);
    return "adopted";
  }

  #require(backfillId: number, reading: boolean): BackfillRow {
    const row = findBackfill(this.#book.ports.sql, backfillId);
    if (row !== null) return row;
    const message = reading ? "Backfill not found" : `Could not find backfill with id ${backfillId}`;
    throw new AirflareError("backfill_not_found", message);
  }

  #answer(row: BackfillRow): BackfillAnswer {
    return { kind: "backfill", backfill: row.backfill, progress: progressOf(this.#book.ports.sql, row) };
  }
}

function runRequest(state: DagState, backfill: Backfill, slot: DagRunInfo): CreateRunRequest {
  return {
    callId: `backfill:${backfill.backfillId}:${slot.logicalDate}`,
    specHash: state.specHash,
    runId: null,
    runType: "backfill",
    triggeredBy: "backfill",
    triggeringUser: backfill.triggeringUser,
    logicalDate: slot.logicalDate,
    dataInterval: slot.interval,
    runAfter: slot.runAfter,
    conf: backfill.conf ?? {},
    note: null,
    backfillId: String(backfill.backfillId),
    returnExisting: true,
  };
}
