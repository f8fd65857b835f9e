/**
 * @module References to values that exist only at run time: a placed task's result (Airflow's `XComArg`), a param, a mapped element.
 *
 * They are inert: nothing here has a `then`, so awaiting one by mistake yields the reference, which does not fit where the value is wanted.
 */
import type { ArgExpr } from "../model/arg-expr.ts";
import type { EdgeEnd, Edgeable } from "./edges.ts";
import type { PlacedTask } from "./placed.ts";

declare const out: unique symbol;

/** A reference to a value of type `O`. */
export interface ValueRef<O> {
  readonly [out]: () => O;
}

/** A param of the run, or one field of it. Always present, whatever the trigger rule. */
export interface ParamRef<O> extends ValueRef<O> {
  readonly isParam: true;
  pick<K extends PickKey<O>>(key: K): ParamRef<Picked<O, K>>;
}

type Whole =
  | readonly unknown[]
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | Uint8Array
  | ArrayBuffer;
/** Fields of a plain object; a list, a date or a number has none to pick. */
type PickKey<O> = O extends Whole ? never : O extends object ? keyof O & string : never;
/** A field of a value that may be missing may be missing. */
type Picked<O, K> = O extends null | undefined ? undefined : K extends keyof O ? O[K] : undefined;
declare const notAList: unique symbol;
/** Element type of a reference that cannot be mapped over. */
interface NotAList {
  readonly [notAList]: true;
}
type ElementOf<O> = O extends readonly (infer E)[] ? E : NotAList;

/** Something a task can be mapped over: a list known at run time, or what `.map`, `.zip`, `.concat` make of it. */
export interface Mappable<E> {
  readonly mapsOver?: () => E;
  /**
   * Each element through `fn`, when the mapped task runs; an `AirflowSkipException` in it skips that instance.
   * @example
   * load.expand({ key: listKeys().map((key) => key.toUpperCase()) });
   */
  map<F>(fn: (element: E) => F): MappableList<F>;
  /** Tuples of elements with the same index; the shortest list ends it. */
  zip<F>(other: readonly F[] | Mappable<F>): MappableList<[E, F]>;
  /** With `fill` the longest list ends it, and `fill` stands for what is missing. */
  zip<F, Fill>(other: readonly F[] | Mappable<F>, options: { readonly fill: Fill }): MappableList<[E | Fill, F | Fill]>;
  /** This list, then the other. */
  concat<F>(other: readonly F[] | Mappable<F>): MappableList<E | F>;
}

/** A list made of other lists: it can be mapped over, or be an input as a whole. */
export interface MappableList<E> extends ValueRef<E[]>, Mappable<E> {}

/** The results of a mapped task, seen from outside: a list by index, instances without a result left out. */
export interface MappedArg<E> extends MappableList<E>, Edgeable {
  readonly taskId: string;
  /** Same as `taskId`. */
  readonly id: string;
  /** One field of each result. */
  pick<K extends PickKey<E>>(key: K): MappedArg<Picked<E, K>>;
}

/** A placed mapped task. */
export interface MappedTaskArg<E, X = Readonly<Record<string, unknown>>> extends MappedArg<E> {
  /** An XCom that the instances push under a key of its own: the list of them. */
  xcom<K extends keyof X & string>(key: K): MappedArg<X[K]>;
}

/** A reference to (a part of) an upstream task's XCom. Handing it to a task draws the edge. */
export interface XComArg<O> extends ValueRef<O>, Edgeable, Mappable<ElementOf<O>> {
  /** Full task id of the producer. */
  readonly taskId: string;
  /** Same as `taskId`. */
  readonly id: string;
  /**
   * One field of the result.
   * @example
   * load({ rows: transformed.pick("rows") });
   */
  pick<K extends PickKey<O>>(key: K): XComArg<Picked<O, K>>;
}

export interface TeardownOptions {
  /** The setups whose resources this task removes: drawn as edges, and the teardown runs only if one of them succeeded. */
  readonly setups?: EdgeEnd;
  /** A failed teardown fails the run; default false. */
  readonly onFailureFailDagrun?: boolean;
}

/** A placed task: its result, its other XComs, and its place in the graph. */
export interface TaskArg<O, X = Readonly<Record<string, unknown>>> extends XComArg<O> {
  /**
   * An XCom that the task pushes under a key of its own.
   * @example
   * report({ rows: pulled.xcom("rows") });
   */
  xcom<K extends keyof X & string>(key: K): XComArg<X[K]>;
  /**
   * Marks the task as setup.
   * @example
   * const cluster = createCluster().asSetup();
   */
  asSetup(): this;
  /**
   * Marks the task as teardown: it runs when its scope is done, whatever came of it, if a setup succeeded.
   * @example
   * deleteCluster().asTeardown({ setups: cluster }).after(work);
   */
  asTeardown(options?: TeardownOptions): this;
}

/** Own property of every reference: how it is evaluated, and which tasks it needs. A registered symbol, so that two copies of the package agree. */
export const REFERENCE: unique symbol = Symbol.for("airflare.reference");

export interface Reference {
  readonly expr: ArgExpr;
  /** Tasks whose success the value needs. */
  readonly producers: readonly PlacedTask[];
}

/** The reference behind a value, or undefined for a plain value. */
export function referenceOf(value: unknown): Reference | undefined {
  if (typeof value !== "object" || value === null || !(REFERENCE in value)) return undefined;
  return value[REFERENCE] as Reference;
}
