/**
 * @module A slow, obvious calendar: which slot a schedule has next, found by looking at one minute after the other. Knows nothing of `src/engine/timetable`.
 */
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { ScheduleTiming } from "../../../src/model/run-schedule.ts";

export const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How far fires are listed around a world's first instant. */
const LISTED_MS = 12 * DAY;

/** One run a schedule may have. */
export interface Slot {
  readonly start: number;
  readonly end: number;
  readonly runAfter: number;
}

/** What of a spec says when runs are made. */
export type Definition = Pick<DagSpec, "schedule" | "startDate" | "endDate" | "catchup">;

/** The worlds' zones and when their clocks change, in 2026: forward one hour, back one hour. */
const BERLIN_FORWARD = Date.parse("2026-03-29T01:00:00Z");
const BERLIN_BACK = Date.parse("2026-10-25T01:00:00Z");

function offsetOf(zone: string, at: number): number {
  if (zone === "UTC") return 0;
  return at >= BERLIN_FORWARD && at < BERLIN_BACK ? 2 * HOUR : HOUR;
}

/** Minutes and hours are lists, a star, or a star with a step. Null: all. */
function valuesOf(field: string, size: number): readonly number[] | null {
  if (field === "*") return null;
  const step = /^\*\/(\d+)$/.exec(field)?.[1];
  const all = Array.from({ length: size }, (_, value) => value);
  return step === undefined ? field.split(",").map(Number) : all.filter((value) => value % Number(step) === 0);
}

export class Calendar {
  /** Listed fires, by cron and zone. */
  readonly #fires = new Map<string, readonly number[]>();
  readonly #around: number;

  constructor(around: number) {
    this.#around = around;
  }

  /** The slot after `last` as seen at `now`; null when there is none. */
  nextSlot(definition: Definition, last: Slot | null, now: number): Slot | null {
    const { schedule, startDate, endDate, catchup } = definition;
    if (schedule.kind === "cron-trigger" && schedule.crons.length > 1) {
      const each = schedule.crons.map((cron) =>
        this.nextSlot({ ...definition, schedule: { ...schedule, crons: [cron] } }, last, now),
      );
      const slots = each.filter((slot) => slot !== null).toSorted((a, b) => a.start - b.start);
      return (catchup ? slots[0] : (slots.findLast((slot) => slot.start <= now) ?? slots[0])) ?? null;
    }
    const start = typeof startDate === "number" ? startDate : null;
    const seen = { last, start, catchup, now };
    const slot = this.#slotOf(schedule, seen);
    if (slot === null || endDate === null) return slot;
    const begins = schedule.kind.endsWith("data-interval") ? slot.start : slot.end;
    return begins > endDate ? null : slot;
  }

  /** The first fire of a schedule made at run time, behind `after`. */
  firstFire(timing: ScheduleTiming, endDate: number | null, after: number): number | null {
    let fire: number | null = null;
    if (timing.kind === "at") fire = timing.at > after ? timing.at : null;
    else if (timing.kind === "cron")
      fire = this.#firesOf([timing.cron], timing.timezone).find((at) => at > after) ?? null;
    else {
      fire = timing.anchor + timing.everyMs;
      while (fire <= after) fire += timing.everyMs;
    }
    return fire === null || (endDate !== null && fire > endDate) ? null : fire;
  }

  /** Every slot of `[from, to]` that is over at `now`, oldest first: the plan of a backfill. */
  slotsBetween(definition: Definition, from: number, to: number, now: number): readonly Slot[] {
    const whole = { ...definition, startDate: from, endDate: to, catchup: true };
    const slots: Slot[] = [];
    for (let slot = this.nextSlot(whole, null, now); slot !== null; slot = this.nextSlot(whole, slot, now)) {
      if (slot.end >= now) break;
      slots.push(slot);
    }
    return slots;
  }

  #slotOf(schedule: DagSpec["schedule"], seen: Seen): Slot | null {
    switch (schedule.kind) {
      case "cron-trigger": {
        const fire = fireOf(this.#firesOf(schedule.crons, schedule.timezone), seen);
        const length = schedule.interval?.ms ?? 0;
        return fire === null ? null : { start: fire - length, end: fire, runAfter: fire };
      }
      case "cron-data-interval":
        return intervalOf(this.#firesOf([schedule.cron], schedule.timezone), seen);
      case "delta-data-interval":
        return spanOf(schedule.everyMs, seen);
      case "once":
        return seen.last === null ? instant(seen.start ?? seen.now) : null;
      case "events": {
        const from = Math.max(seen.start ?? 0, seen.catchup ? 0 : seen.now);
        const at = schedule.at.find((event) => event > (seen.last?.end ?? 0) && event >= from);
        return at === undefined ? null : instant(at);
      }
      default:
        return null;
    }
  }

  #firesOf(crons: readonly string[], zone: string): readonly number[] {
    const key = `${crons.join("|")} ${zone} ${this.#around}`;
    const known = this.#fires.get(key);
    if (known !== undefined) return known;
    const fires = [...new Set(crons.flatMap((cron) => this.#list(cron, zone)))].toSorted((a, b) => a - b);
    this.#fires.set(key, fires);
    return fires;
  }

  #list(cron: string, zone: string): number[] {
    const [minuteField = "*", hourField = "*"] = cron.split(" ");
    const [minutes, hours] = [valuesOf(minuteField, 60), valuesOf(hourField, 24)];
    const fits = (wall: number): boolean => {
      const date = new Date(wall);
      return (minutes?.includes(date.getUTCMinutes()) ?? true) && (hours?.includes(date.getUTCHours()) ?? true);
    };
    const fires: number[] = [];
    for (let at = this.#around - LISTED_MS; at < this.#around + LISTED_MS; at += MINUTE) {
      const [before, offset] = [offsetOf(zone, at - MINUTE), offsetOf(zone, at)];
      // The clock jumped over an hour: what it would have shown is due as much later.
      if (hours !== null && offset > before)
        for (let wall = at + before; wall < at + offset; wall += MINUTE) if (fits(wall)) fires.push(wall - before);
      if (!fits(at + offset)) continue;
      // The clock will show this once more: the second time counts.
      if (hours !== null && offsetOf(zone, at + HOUR) < offset) continue;
      fires.push(at);
    }
    return fires;
  }
}

interface Seen {
  readonly last: Slot | null;
  readonly start: number | null;
  readonly catchup: boolean;
  readonly now: number;
}

function instant(at: number): Slot {
  return { start: at, end: at, runAfter: at };
}

function fireOf(fires: readonly number[], { last, start, catchup, now }: Seen): number | null {
  const behindLast = last === null ? null : (fires.find((at) => at > last.end) ?? null);
  const first = start === null ? firstWithoutStart(fires, now) : (fires.find((at) => at >= start) ?? null);
  if (catchup) return last === null ? first : behindLast;
  const newest = fires.findLast((at) => at <= now) ?? null;
  return latest([newest, behindLast, last === null || start !== null ? first : null]);
}

/** A fire that is just over still counts: a tenth of the gap, at least five minutes. */
function firstWithoutStart(fires: readonly number[], now: number): number | null {
  const past = fires.findLast((at) => at <= now);
  const next = fires.find((at) => at >= now);
  if (past === undefined || next === undefined) return next ?? null;
  return now - past <= Math.max((next - past) / 10, 5 * MINUTE) ? past : next;
}

function intervalOf(fires: readonly number[], { last, start, catchup, now }: Seen): Slot | null {
  const newestEnd = fires.findLastIndex((at) => at <= now);
  const newest = catchup ? null : (fires[newestEnd - 1] ?? null);
  const afterLast = last === null ? null : (fires.findLast((at) => at <= last.end) ?? null);
  const fromStart = start === null ? null : (fires.find((at) => at >= start) ?? null);
  let begin = latest([afterLast, newest, fromStart]);
  if (begin !== null && last !== null && begin <= last.start) begin = fires.find((at) => at > last.start) ?? null;
  const end = begin === null ? undefined : fires.find((at) => at > (begin ?? 0));
  return begin === null || end === undefined ? null : { start: begin, end, runAfter: end };
}

function spanOf(everyMs: number, { last, start, catchup, now }: Seen): Slot | null {
  const newest = catchup ? null : now - (now % everyMs) - everyMs;
  let begin = latest([newest, start, last?.end ?? null]);
  if (begin !== null && last !== null && begin <= last.start) begin += everyMs;
  return begin === null ? null : { start: begin, end: begin + everyMs, runAfter: begin + everyMs };
}

function latest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.max(...known);
}
