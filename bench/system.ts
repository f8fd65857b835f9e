/**
 * @module What is measured: a workflow system that was started for the bench, seen through its own HTTP API only.
 */

/**
 * What a run does: `size` tasks one after the other; `size` side by side and a join; the same over a list made at run time, or without the join (`list`);
 * `size` layers of as many tasks, each of which waits for the whole layer before.
 */
export interface Shape {
  readonly kind: "chain" | "fan" | "map" | "list" | "layers";
  readonly size: number;
}

/** Tasks that a run of this shape carries out. */
export function tasksOf({ kind, size }: Shape): number {
  return { chain: size, fan: size + 1, map: size + 2, list: size + 1, layers: size * size }[kind];
}

/** Times of a start, ms. */
export interface StartTimes {
  /** From the call that starts the system, with tools loaded already, to the first answer over HTTP. */
  readonly toFirstResponse: number;
  /** From the start of the workerd process to the first answer. */
  readonly fromWorkerd: number;
  /** From the call until the system takes runs: for Airflare, D1 is migrated then. */
  readonly toReady: number;
}

export interface System {
  readonly name: "Airflare" | "Workflows";
  /** The workerd process. */
  readonly pid: number;
  readonly start: StartTimes;
  /** Starts a run; answers its id. Throws when the system refuses. */
  trigger(shape: Shape): Promise<string>;
  /** Whether a GET of the run shows it as ended. Throws when it has failed. */
  hasEnded(shape: Shape, id: string): Promise<boolean>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Empty folder for all state. */
  readonly stateFolder: string;
}
