/**
 * @module What built-in sensors see of the world beyond their context: the clock of the attempt, and other DAGs. Kept beside the context, not in it: authors have
 * `externalTask` for it.
 */
import type { Context } from "./context.ts";
import type { ExternalWait } from "../model/deferral.ts";
import type { ObserveAnswer } from "../model/protocol.ts";
import { AirflareError } from "../model/error.ts";

/** A run of another DAG that a task asks for. */
export interface TriggerOrder {
  /** The same for every repeat of the same wish: it makes one run. */
  readonly callId: string;
  readonly dagId: string;
  /** Null: made from the logical date. */
  readonly runId: string | null;
  /** Epoch ms. */
  readonly logicalDate: number;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly note: string | null;
  /** What to do about a run with the same id: fail with `run_already_exists`, run it again from the start, or take it as it is. */
  readonly onExisting: "fail" | "reset" | "take";
}

export interface TriggeredRun {
  readonly runId: string;
  /** Epoch ms; null for a run without one that was there already. */
  readonly logicalDate: number | null;
  readonly isNew: boolean;
}

export interface Outside {
  /** Epoch ms. */
  readonly now: () => number;
  /** States of another DAG's runs, now; the asking task instance is woken when one of them comes into a state that the wait names. */
  readonly observe: (wait: ExternalWait) => Promise<ObserveAnswer>;
  /** Throws `dag_not_found`, `invalid_params`, `run_already_exists`. */
  readonly trigger: (order: TriggerOrder) => Promise<TriggeredRun>;
  /** A sensor's first poke, from which its time-out counts, and the end of that; epoch ms. Null for what is no sensor. */
  readonly firstPokedAt: number | null;
  readonly timeoutAt: number | null;
}

const outsides = new WeakMap<Context, Outside>();

export function withOutside(context: Context, outside: Outside): Context {
  outsides.set(context, outside);
  return context;
}

/** Of a context that a test made itself there are no other DAGs. */
export function outsideOf(context: Context): Outside {
  return outsides.get(context) ?? ALONE;
}

const ALONE: Outside = {
  now: () => Date.now(),
  firstPokedAt: null,
  timeoutAt: null,
  trigger: ({ dagId }) => {
    throw new AirflareError(
      "dag_not_found",
      `A test's context has no other DAGs, so ${dagId} cannot be triggered; mock the task.`,
    );
  },
  observe: ({ dagId }) => {
    throw new AirflareError(
      "dag_not_found",
      `A test's context has no other DAGs, so ${dagId} cannot be waited for; mock the sensor.`,
    );
  },
};
