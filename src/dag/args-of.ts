/**
 * @module What may be given for a task's inputs inside `dag(...)`: literals, or references to upstream results of exactly that type.
 */
import type { ValueRef, ParamRef } from "./xcom-arg.ts";

declare const why: unique symbol;

/**
 * Under any trigger rule but `all_success` an upstream may have failed or been skipped, so its value may be missing: the input must be
 * declared as `T | undefined`.
 */
export interface MayBeMissing<Rule extends string> {
  readonly [why]: `with triggerRule ${Rule} an upstream value may be missing: declare this input as T | undefined`;
}

/** No inputs. */
export type NoInput = Record<never, never>;

type Literal<T> = T | (T extends readonly (infer E)[] ? readonly (E | ValueRef<E>)[] : never);

type Reference<T, Rule extends string> = [Rule] extends ["all_success"]
  ? ValueRef<T>
  : undefined extends T
    ? ValueRef<T> | ValueRef<Exclude<T, undefined>>
    : ParamRef<T> | MayBeMissing<Rule>;

/** One input: a literal, a list with references in it (fan-in), or a reference. */
export type Arg<T, Rule extends string> = Literal<T> | Reference<T, Rule>;

type OptionalKeys<I> = { [K in keyof I]-?: {} extends Pick<I, K> ? K : never }[keyof I];

/** All inputs of a task; optional ones may be left out. */
export type ArgsOf<I, Rule extends string> = { readonly [K in Exclude<keyof I, OptionalKeys<I>>]: Arg<I[K], Rule> } & {
  readonly [K in OptionalKeys<I>]?: Arg<I[K], Rule>;
};

/** The argument list of a placement: optional when every input is. */
export type CallArgs<I, Rule extends string> = {} extends I ? [args?: ArgsOf<I, Rule>] : [args: ArgsOf<I, Rule>];
