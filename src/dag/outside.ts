/**
 * @module What built-in sensors see of the world beyond their context: the clock of the attempt, and other DAGs. Kept beside the context, not in it: authors have
 * `externalTask` for it.
 */
import type { Context } from "./context.ts";
import type { ExternalWait } from "../model/deferral.ts";
import type { ObserveAnswer } from "../model/protocol.ts";
import { AirflareError } from "../model/error.ts";

export interface Outside {
  /** Epoch ms. */
  readonly now: () => number;
  /** States of another DAG's runs, now; the asking task instance is woken when one of them comes into a state that the wait names. */
  readonly observe: (wait: ExternalWait) => Promise<ObserveAnswer>;
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
  observe: ({ dagId }) => {
    throw new AirflareError(
      "dag_not_found",
      `A test's context has no other DAGs, so ${dagId} cannot be waited for; mock the sensor.`,
    );
  },
};
