/**
 * @module Deliberately broken hosts of a DAG: each replaces one method of the real classes by one that makes a mistake an author could make. A simulation that
 * does not catch each of them proves nothing.
 */
import { BackfillDriver } from "../../../src/cloudflare/dag/backfill-driver.ts";
import { DagBook } from "../../../src/cloudflare/dag/dag-book.ts";
import { DagTurn } from "../../../src/cloudflare/dag/dag-turn.ts";
import { DagHost } from "../../../src/cloudflare/dag/host.ts";
import { OpenRuns } from "../../../src/cloudflare/dag/open-runs.ts";
import { RunMaker } from "../../../src/cloudflare/dag/run-maker.ts";
import { RunSchedules } from "../../../src/cloudflare/dag/run-schedules.ts";
import { Alarm } from "../../../src/cloudflare/dag-run/alarm.ts";

/** Breaks it; the answered function mends it. */
type Break = () => () => void;

/** Replaces a method by one that is given the real one, bound. */
function breaks<T extends object, K extends keyof T & string>(
  target: T,
  name: K,
  broken: (real: T[K], self: T) => T[K],
): Break {
  return () => {
    const real: unknown = Reflect.get(target, name);
    const method = function (this: T, ...args: unknown[]): unknown {
      const bound = (...given: unknown[]): unknown => Reflect.apply(real as () => unknown, this, given);
      return Reflect.apply(broken(bound as T[K], this) as () => unknown, this, args);
    };
    Reflect.set(target, name, method);
    return () => void Reflect.set(target, name, real);
  };
}

/** The book that was read last: of the object whose turn it is. */
let current: DagBook | null = null;

/** A break that reaches into the storage of the object at hand. */
function withBook(broken: Break): Break {
  return () => {
    const noted = breaks(DagBook.prototype, "read", (real, self) => () => {
      current = self;
      return real();
    })();
    const mended = broken();
    return () => {
      mended();
      noted();
    };
  };
}

let calls = 0;
const every = (n: number): boolean => ++calls % n === 0;

const maker = RunMaker.prototype;

export const BROKEN_HOSTS: Readonly<Record<string, Break>> = {
  "the cursor moves before the run is made": breaks(
    maker,
    "makeOwn",
    (real) => (spec, state, request) => (request.logicalDate !== null && every(4) ? null : real(spec, state, request)),
  ),
  "a doubled tick makes two runs": breaks(maker, "makeOwn", (real) => (spec, state, request) => {
    const head = real(spec, state, request);
    if (request.logicalDate !== null && every(4))
      real(spec, state, { ...request, runId: `${request.callId}:2`, logicalDate: null });
    return head;
  }),
  "a run is made for a slot that has one": breaks(maker, "makeOwn", (real) => (spec, state, request) => {
    const head = real(spec, state, request);
    if (head !== null || request.logicalDate === null) return head;
    return real(spec, state, { ...request, logicalDate: request.logicalDate + 1 });
  }),
  "the cursor of a backfill is lost on a restart": withBook(() => {
    const started = new WeakSet<object>();
    return breaks(BackfillDriver.prototype, "fill", (real, self) => (state) => {
      if (!started.has(self)) current?.ports.sql.exec("UPDATE backfill SET cursor = 0 WHERE is_open = 1");
      started.add(self);
      return real(state);
    })();
  }),
  "an edited schedule fires its old slot": withBook(
    breaks(RunSchedules.prototype, "carryOut", (real) => (state, spec, order) => {
      const sql = current?.ports.sql;
      const before = sql?.exec("SELECT next_at FROM schedule WHERE schedule_id = ?", order.scheduleId)[0]?.["next_at"];
      const answer = real(state, spec, order);
      if (order.kind === "patch" && typeof before === "number")
        sql?.exec(
          "UPDATE schedule SET next_at = ?1, v = json_set(v, '$.nextRunAt', ?1) WHERE schedule_id = ?2",
          before,
          order.scheduleId,
        );
      return answer;
    }),
  ),
  "a pause does not hold back what is to be caught up": breaks(maker, "makeDue", (real) => (state, at, save) => {
    const { paused } = state;
    state.paused = false;
    const heads = real(state, at, "never");
    state.paused = paused;
    return save === "never" ? heads : (real(state, at, save), heads);
  }),
  "a deploy moves the cursor to now": breaks(DagTurn.prototype, "promise", (real) => (state) => {
    state.last = { start: Date.now(), end: Date.now() };
    real(state);
  }),
  "a deploy forgets the cursor": breaks(DagTurn.prototype, "promise", (real) => (state) => {
    state.last = null;
    real(state);
  }),
  "max_active_runs is judged by an old count": () => {
    const seen = new WeakMap<DagBook, boolean>();
    return breaks(DagBook.prototype, "isBlocked", (real, self) => (state) => {
      const stale = seen.get(self) ?? false;
      seen.set(self, real(state));
      return stale;
    })();
  },
  "nobody looks after open runs": breaks(OpenRuns.prototype, "lookAfterDue", () => () => Promise.resolve()),
  "the cron does not know of open runs": breaks(OpenRuns.prototype, "watchdogAt", () => () => null),
  "a removed DAG goes on": breaks(DagHost.prototype, "retire", () => () => undefined),
  "an alarm that went off counts as armed": breaks(Alarm.prototype, "fired", () => () => undefined),
};
