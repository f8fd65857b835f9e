/**
 * @module Schedules made at run time, on the wire.
 */
import * as z from "zod/mini";
import { durationMs, durationText } from "../../lib/duration.ts";
import type { RunSchedule, ScheduleChange, ScheduleFields, ScheduleTiming } from "../../model/run-schedule.ts";
import { boundedConf } from "../conf-size.ts";
import { validationError } from "../errors.ts";
import { dateIn, dateOut, nullableDate, nullableText, pageQuery, wireDate, wireDateOrNull } from "./wire-value.ts";

const conf = z.record(z.string(), z.unknown());
const overlap = z.enum(["queue", "skip", "cancel_running"]);
const name = z.string().check(z.minLength(1), z.maxLength(200));
/** Part of the ids of its runs, with `__` as the end: no two schedules share a beginning. */
const scheduleId = z.string().check(z.maxLength(100), z.regex(/^[A-Za-z0-9.~-]+(?:_[A-Za-z0-9.~-]+)*$/));

const timing = {
  cron: z.optional(z.string()),
  every: z.optional(z.string()),
  at: z.optional(dateIn),
  timezone: z.optional(z.string()),
};

export const SchedulePostBody = z.strictObject({
  id: z.optional(scheduleId),
  dag_id: z.string(),
  ...timing,
  conf: z._default(conf, {}),
  key: z._default(z.nullable(name), null),
  overlap: z._default(overlap, "queue"),
  paused: z._default(z.boolean(), false),
  end: z._default(z.nullable(dateIn), null),
});

export const SchedulePatchBody = z.strictObject({
  ...timing,
  conf: z.optional(conf),
  key: z.optional(z.nullable(name)),
  overlap: z.optional(overlap),
  paused: z.optional(z.boolean()),
  end: z.optional(z.nullable(dateIn)),
});

export const ScheduleResponse = z.object({
  id: z.string(),
  dag_id: z.string(),
  cron: nullableText,
  every: nullableText,
  at: nullableDate,
  timezone: nullableText,
  conf,
  key: nullableText,
  overlap,
  paused: z.boolean(),
  end: nullableDate,
  next_run: nullableDate,
  last_run: nullableDate,
  last_run_id: nullableText,
  created_by: nullableText,
  created_at: dateOut,
  updated_at: dateOut,
});

export const ScheduleCollectionResponse = z.object({
  schedules: z.array(ScheduleResponse),
  total_entries: z.int(),
});

export const scheduleListQuery = z.object({
  ...pageQuery,
  key: z.optional(z.string()),
  dag_id: z.optional(z.string()),
});

type Times = Pick<z.infer<typeof SchedulePatchBody>, "cron" | "every" | "at" | "timezone">;

/** What a new schedule is to be. `now` is the anchor of `every`. */
export function newSchedule(body: z.infer<typeof SchedulePostBody>, now: number): ScheduleFields {
  const when = timingOf(body, now);
  if (when === null) throw bodyError("give one of cron, every, at", body);
  return {
    timing: when,
    conf: boundedConf(body.conf),
    key: body.key,
    overlap: body.overlap,
    isPaused: body.paused,
    endDate: body.end,
  };
}

/** Only what the body names. */
export function scheduleChange(body: z.infer<typeof SchedulePatchBody>, now: number): ScheduleChange {
  const when = timingOf(body, now);
  return {
    ...(when === null ? {} : { timing: when }),
    ...(when === null && body.timezone !== undefined ? { timezone: body.timezone } : {}),
    ...(body.conf === undefined ? {} : { conf: boundedConf(body.conf) }),
    ...(body.key === undefined ? {} : { key: body.key }),
    ...(body.overlap === undefined ? {} : { overlap: body.overlap }),
    ...(body.paused === undefined ? {} : { isPaused: body.paused }),
    ...(body.end === undefined ? {} : { endDate: body.end }),
  };
}

export function scheduleResponse(schedule: RunSchedule): z.infer<typeof ScheduleResponse> {
  const { timing: when } = schedule;
  return {
    id: schedule.scheduleId,
    dag_id: schedule.dagId,
    cron: when.kind === "cron" ? when.cron : null,
    every: when.kind === "every" ? durationText(when.everyMs) : null,
    at: when.kind === "at" ? wireDate(when.at) : null,
    timezone: when.kind === "cron" ? when.timezone : null,
    conf: { ...schedule.conf },
    key: schedule.key,
    overlap: schedule.overlap,
    paused: schedule.isPaused,
    end: wireDateOrNull(schedule.endDate),
    next_run: wireDateOrNull(schedule.nextRunAt),
    last_run: wireDateOrNull(schedule.lastRunAt),
    last_run_id: schedule.lastRunId,
    created_by: schedule.createdBy,
    created_at: wireDate(schedule.createdAt),
    updated_at: wireDate(schedule.updatedAt),
  };
}

/** Null when the body names no time. */
function timingOf(body: Times, now: number): ScheduleTiming | null {
  const { cron, every, at, timezone } = body;
  if ([cron, every, at].filter((value) => value !== undefined).length > 1)
    throw bodyError("give only one of cron, every, at", body);
  if (cron !== undefined) return { kind: "cron", cron: cron.trim(), timezone: timezone ?? "UTC" };
  if (timezone !== undefined && (every !== undefined || at !== undefined))
    throw bodyError("timezone goes with cron only: at has its offset, and every counts real time", body);
  if (at !== undefined) return { kind: "at", at };
  if (every === undefined) return null;
  const everyMs = durationMs(every);
  if (everyMs === undefined)
    throw bodyError(`every ${JSON.stringify(every)} is no duration; write "90s" or "6h"`, body);
  return { kind: "every", everyMs, anchor: now };
}

function bodyError(message: string, input: unknown): Error {
  return validationError([{ type: "value_error", loc: ["body"], msg: `Value error, ${message}`, input }]);
}
