/**
 * @module Deferrals: what an author threw (`TaskDeferred`) as data, and looking at a trigger that is under way. An attempt that looks at one and finds it fired
 * goes on with the task at once.
 */
import type { Context } from "../dag/context.ts";
import { AirflowException, TaskDeferralTimeout } from "../dag/exceptions.ts";
import { externalWaitOf, judgeExternal } from "../dag/external-wait.ts";
import { connectionUrl } from "../dag/http-connection.ts";
import { outsideOf } from "../dag/outside.ts";
import { safeFetch } from "../dag/safe-fetch.ts";
import type { Trigger } from "../dag/triggers.ts";
import { decode, encode } from "../lib/codec.ts";
import { durationMs } from "../lib/duration.ts";
import type { Deferral, TriggerSpec } from "../model/deferral.ts";
import type { AttemptOutcome } from "../model/outcome.ts";
import { isRecord } from "./value-path.ts";

const EXTERNAL_POLL_MS = 600_000;
const HTTP_POLL_MS = 60_000;
/** Of an HTTP answer's text the event keeps so much: it is stored nowhere, but handed to the task. */
const BODY_BYTES_MAX = 1_000_000;

export type TriggerLook =
  | { readonly kind: "fired"; readonly event: unknown }
  /** Nothing to do before `at`, epoch ms. */
  | { readonly kind: "waiting"; readonly at: number };

/** The outcome that a thrown `TaskDeferred` orders at `now`. Throws an `AirflowException` that says what is wrong with it. */
export function deferredOutcome(thrown: unknown, now: number): Extract<AttemptOutcome, { kind: "deferred" }> {
  const options = isRecord(thrown) || thrown instanceof Error ? Reflect.get(thrown, "options") : undefined;
  if (!isRecord(options) || !isRecord(options["trigger"]))
    throw new AirflowException(
      "A TaskDeferred has no trigger; write new TaskDeferred({ trigger: timeDeltaTrigger('10m') }).",
    );
  const { method, kwargs, timeout } = options;
  const timeoutMs = timeout === undefined ? null : millisecondsOf("timeout", timeout);
  const deferral: Deferral = {
    // Of another copy of the package at worst, but made by its functions.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    trigger: triggerSpec(options["trigger"] as unknown as Trigger, now),
    method: typeof method === "string" ? method : null,
    kwargs: encode(kwargs ?? {}),
    timeoutAt: timeoutMs === null ? null : now + timeoutMs,
  };
  return { kind: "deferred", at: waitUntil(deferral, firstLookAt(deferral.trigger, now)), deferral };
}

/** Has the trigger fired? Throws `TaskDeferralTimeout` when it has not and its time is up. */
export async function lookAtTrigger(deferral: Deferral, context: Context): Promise<TriggerLook> {
  const { now } = outsideOf(context);
  const look = await lookNow(deferral.trigger, context, now());
  if (look.kind === "fired") return look;
  if (deferral.timeoutAt !== null && now() >= deferral.timeoutAt)
    throw new TaskDeferralTimeout(`The ${deferral.trigger.kind} trigger did not fire before the deferral's timeout.`);
  return { kind: "waiting", at: waitUntil(deferral, look.at) };
}

/** The values that the task left for its resumption. */
export function kwargsOf(deferral: Deferral): Readonly<Record<string, unknown>> {
  const kwargs: unknown = decode(deferral.kwargs);
  return isRecord(kwargs) ? kwargs : {};
}

function waitUntil({ timeoutAt }: Deferral, at: number): number {
  return timeoutAt === null ? at : Math.min(at, timeoutAt);
}

/** A time is waited for by the alarm; the others are looked at right away, and register whom to wake. */
function firstLookAt(trigger: TriggerSpec, now: number): number {
  return trigger.kind === "date-time" ? trigger.at : now;
}

async function lookNow(trigger: TriggerSpec, context: Context, now: number): Promise<TriggerLook> {
  switch (trigger.kind) {
    case "date-time":
      return now >= trigger.at ? { kind: "fired", event: new Date(trigger.at) } : { kind: "waiting", at: trigger.at };
    case "external-task": {
      const { runs } = await outsideOf(context).observe(trigger.wait);
      const status = judgeExternal(trigger.wait, runs);
      return status === "waiting"
        ? { kind: "waiting", at: now + trigger.pollMs }
        : { kind: "fired", event: { status } };
    }
    case "http":
      return lookAtUrl(trigger, context, now);
  }
}

async function lookAtUrl(
  { connId, endpoint, method, headers, pollMs }: Extract<TriggerSpec, { kind: "http" }>,
  context: Context,
  now: number,
): Promise<TriggerLook> {
  const target = await connectionUrl(context, connId, endpoint);
  const response = await safeFetch(context.env, target.url, {
    method,
    headers: { ...target.headers, ...headers },
    signal: context.signal,
    maxBytes: BODY_BYTES_MAX,
  });
  const body = await response.text();
  if (response.status === 404) return { kind: "waiting", at: now + pollMs };
  if (!response.ok)
    throw new AirflowException(
      `${method} ${endpoint} answered ${response.status}; an httpTrigger waits over 404 only.`,
    );
  return { kind: "fired", event: { status: response.status, body } };
}

function triggerSpec(trigger: Trigger, now: number): TriggerSpec {
  switch (trigger.kind) {
    case "date-time": {
      const at = trigger.at instanceof Date ? trigger.at.getTime() : Number.NaN;
      if (Number.isNaN(at)) throw new AirflowException("The date of a dateTimeTrigger is no date.");
      return { kind: "date-time", at };
    }
    case "time-delta":
      return { kind: "date-time", at: now + millisecondsOf("delta", trigger.delta) };
    case "external-task":
      return {
        kind: "external-task",
        wait: {
          ...externalWaitOf(typeof trigger.dag === "string" ? trigger.dag : trigger.dag.dagId, trigger),
          logicalDates: trigger.logicalDates.map((date) => date.getTime()),
        },
        pollMs: millisecondsOf("pollInterval", trigger.pollInterval) || EXTERNAL_POLL_MS,
      };
    case "http":
      return {
        kind: "http",
        connId: trigger.httpConnId ?? null,
        endpoint: trigger.endpoint,
        method: (trigger.method ?? "GET").toUpperCase(),
        headers: trigger.headers ?? {},
        pollMs: millisecondsOf("pollInterval", trigger.pollInterval) || HTTP_POLL_MS,
      };
    default:
      throw new AirflowException("A TaskDeferred has a trigger of an unknown kind.");
  }
}

/** 0 when not given. */
function millisecondsOf(what: string, value: unknown): number {
  if (value === undefined) return 0;
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms === undefined) throw new AirflowException(`The ${what} of a deferral is no duration like "10m".`);
  return ms;
}
