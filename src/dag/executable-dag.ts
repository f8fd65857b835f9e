/**
 * @module What `runtime/` sees of a deployed DAG: its spec and, by task id, the author's code. The engine and the objects never see this.
 */
import type { CallbackKind } from "../model/task-spec.ts";
import type { CallbackContext, Context, DagCallbackContext } from "./context.ts";
import type { Timetable } from "./custom-timetable.ts";
import type { DeadlineContext, SlaMissCallback } from "./callbacks.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { TaskId } from "../model/ids.ts";

/** An author's callback. Errors in it are logged and never change a state. */
export type Callback = (context: CallbackContext) => unknown;
/** A run's callback: its context has no task instance. */
export type DagCallback = (context: DagCallbackContext) => unknown;

/**
 * The code of one task. What `execute` answers depends on `TaskSpec.kind`:
 * `task` any storable value (pushed as `return_value`); `branch` the full task or group ids to follow (list, one, or null);
 * `short_circuit` a value whose truth decides; `sensor` false (poke again), true, or `done(value)` (`sensors/done.ts`).
 * It throws the exceptions of `dag/exceptions.ts` as task signals; anything else thrown is a failure that may be retried.
 */
export interface TaskHandler {
  execute(input: Readonly<Record<string, unknown>>, context: Context): unknown;
  /** Functions that go on with the task after a deferral, by name. */
  readonly resume?: Readonly<Record<string, TaskHandler["execute"]>>;
  readonly callbacks: Readonly<Partial<Record<CallbackKind, readonly Callback[]>>>;
}

export interface ExecutableDag {
  readonly spec: DagSpec;
  readonly handlers: ReadonlyMap<TaskId, TaskHandler>;
  /** The author's own timetable. */
  readonly timetable?: Timetable;
  /** Functions of `.map(fn)`, by their number in `ArgExpr`. */
  readonly mapFunctions: readonly ((element: unknown) => unknown)[];
  readonly callbacks: Readonly<Partial<Record<"success" | "failure", readonly DagCallback[]>>>;
  readonly slaMiss?: readonly SlaMissCallback[];
  /** In the order of `DagSpec.deadlines`. */
  readonly deadlines?: readonly (readonly ((context: DeadlineContext) => unknown)[])[];
}
