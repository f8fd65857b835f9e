/**
 * @module The schedules that applications made for a DAG at run time. Each row holds its next fire; the object's alarm makes the run and the row moves
 * on in the same transaction, so that a fire is made once, whatever dies, and D1 has no part in it.
 */
import { runParams } from "../../dag/run-params.ts";
import { checkTiming, nextFire } from "../../engine/run-schedule.ts";
import { isoTimestamp } from "../../lib/time-zone.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { AirflareError } from "../../model/error.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import type { RunSchedule, ScheduleAnswer, ScheduleOrder, ScheduleTiming } from "../../model/run-schedule.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import type { RunMaker } from "./run-maker.ts";
import { dueSchedules, findSchedule, openRunsBySchedule, putSchedule, runIdsOf } from "./schedule-rows.ts";
import type { OpenRun } from "./schedule-rows.ts";

/** Schedules fired in one transaction; the rest follows in the next alarm. */
const PAGE = 200;
const NONE_OPEN: ReturnType<typeof openRunsBySchedule> = new Map();

export class RunSchedules {
  readonly #book: DagBook;
  readonly #maker: RunMaker;

  constructor(book: DagBook, maker: RunMaker) {
    this.#book = book;
    this.#maker = maker;
  }

  /** Throws `invalid_schedule`, `invalid_params`, `schedule_already_exists`, `schedule_not_found`. */
  carryOut(state: DagState, spec: DagSpec, order: ScheduleOrder): ScheduleAnswer {
    const { sql } = this.#book.ports;
    const now = this.#book.now(state);
    const known = findSchedule(sql, order.scheduleId);
    if (order.kind === "create") return this.#create(state, spec, order, known);
    if (known === null)
      throw new AirflareError(
        "schedule_not_found",
        `There is no schedule ${JSON.stringify(order.scheduleId)} of DAG ${state.dagId}.`,
      );
    if (order.kind === "read") return { kind: "schedule", schedule: known };
    if (order.kind === "delete") {
      putSchedule(sql, known, now, true);
      return { kind: "schedule", schedule: known };
    }
    const { timezone, ...change } = order.change;
    const timing = timezone === undefined ? (change.timing ?? known.timing) : inZone(known.timing, timezone);
    const changed: RunSchedule = { ...known, ...change, timing, updatedAt: now };
    // What is over stays as it is; a new time or end must lie ahead.
    if (timing !== known.timing || (change.endDate ?? null) !== null) checkTiming(changed, now);
    runParams(spec, changed.conf);
    // From now on: a slot of the timing before never fires.
    return { kind: "schedule", schedule: this.#put({ ...changed, nextRunAt: nextFire(changed, now) }, now) };
  }

  /** Makes the runs whose time has come. */
  fire(state: DagState): readonly DagRunHead[] {
    const { sql } = this.#book.ports;
    const now = this.#book.now(state);
    const spec = this.#book.spec(state);
    const heads: DagRunHead[] = [];
    const due = dueSchedules(sql, now, PAGE);
    // A schedule fires once here, so what it finds open does not change meanwhile.
    const open = due.every(({ overlap }) => overlap === "queue") ? NONE_OPEN : openRunsBySchedule(sql);
    for (const schedule of due) {
      const { nextRunAt } = schedule;
      const rests = spec === null || state.paused || state.retired;
      const running = open.get(schedule.scheduleId) ?? [];
      const head = rests || nextRunAt === null ? null : this.#makeRun(state, spec, schedule, nextRunAt, running);
      if (head !== null) heads.push(head);
      const made = head === null ? {} : { lastRunAt: nextRunAt, lastRunId: head.runId };
      this.#put({ ...schedule, ...made, nextRunAt: nextFire(schedule, now) }, now);
    }
    return heads;
  }

  #create(
    state: DagState,
    spec: DagSpec,
    { scheduleId, fields, createdBy }: Extract<ScheduleOrder, { kind: "create" }>,
    known: RunSchedule | null,
  ): ScheduleAnswer {
    if (known !== null)
      throw new AirflareError("schedule_already_exists", `The schedule ${JSON.stringify(scheduleId)} exists already.`);
    const now = this.#book.now(state);
    checkTiming(fields, now);
    runParams(spec, fields.conf);
    const schedule: RunSchedule = {
      ...fields,
      scheduleId,
      dagId: state.dagId,
      createdBy,
      createdAt: now,
      updatedAt: now,
      nextRunAt: nextFire(fields, now),
      lastRunAt: null,
      lastRunId: null,
    };
    return { kind: "schedule", schedule: this.#put(schedule, now) };
  }

  #put(schedule: RunSchedule, now: number): RunSchedule {
    putSchedule(this.#book.ports.sql, schedule, now);
    return schedule;
  }

  #makeRun(
    state: DagState,
    spec: DagSpec,
    schedule: RunSchedule,
    at: number,
    open: readonly OpenRun[],
  ): DagRunHead | null {
    if (schedule.overlap === "skip" && open.length > 0) return null;
    if (schedule.overlap === "cancel_running") for (const run of open) this.#maker.cancel(state, run);
    return this.#maker.makeOwn(spec, state, runRequest(state, schedule, at));
  }
}

function inZone(timing: ScheduleTiming, timezone: string): ScheduleTiming {
  if (timing.kind === "cron") return { ...timing, timezone };
  throw new AirflareError("invalid_schedule", "The schedule cannot be changed: timezone goes with a cron only.");
}

/** Without a logical date: schedules of one DAG may fire in the same second. */
function runRequest(state: DagState, { scheduleId, conf, createdBy }: RunSchedule, at: number): CreateRunRequest {
  return {
    callId: `schedule:${scheduleId}:${at}`,
    specHash: state.specHash,
    runId: `${runIdsOf(scheduleId)}${isoTimestamp(at)}`,
    runType: "scheduled",
    triggeredBy: "timetable",
    triggeringUser: createdBy,
    logicalDate: null,
    dataInterval: { start: at, end: at },
    runAfter: at,
    conf,
    note: null,
    backfillId: null,
    returnExisting: true,
  };
}
