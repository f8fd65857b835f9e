/**
 * @module Which values may cross a task boundary, as types. The codec is lossless, so the type read is the type returned; what it refuses does not compile.
 *
 * The check looks five levels deep; the codec checks the rest when the value is stored.
 */

type Leaf =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | void
  | Date
  | Uint8Array
  | ArrayBuffer
  | URL
  | RegExp;

declare const refused: unique symbol;

/** What a refused result must be and cannot: the compiler's message shows the path in `Where`. */
export interface NotStorable<Where extends string> {
  readonly [refused]: `task result cannot be stored: ${Where}`;
}

type Deeper<Depth extends 0[]> = [...Depth, 0];

/** `true` when `T` can be stored, else `NotStorable` with the path of the first thing that cannot. */
export type Check<T, Path extends string = "value", Depth extends 0[] = []> = 0 extends 1 & T
  ? true // any
  : unknown extends T
    ? true
    : Depth["length"] extends 5
      ? true
      : [T] extends [Leaf]
        ? true
        : CheckMember<T, Path, Depth>;

type CheckMember<T, Path extends string, Depth extends 0[]> = T extends Leaf
  ? true
  : T extends (...args: never[]) => unknown
    ? NotStorable<`${Path} is a function`>
    : T extends Promise<unknown> | Response | (Depth extends [] ? never : ReadableStream)
      ? NotStorable<`${Path} is a stream or promise`>
      : T extends ReadableStream
        ? true // a whole result may be a byte stream: it goes to R2 unseen
        : T extends ReadonlyMap<infer K, infer V>
          ? Check<K, `${Path} key`, Deeper<Depth>> & Check<V, `${Path} value`, Deeper<Depth>>
          : T extends ReadonlySet<infer V>
            ? Check<V, `${Path} item`, Deeper<Depth>>
            : T extends readonly (infer V)[]
              ? Check<V, `${Path}[]`, Deeper<Depth>>
              : T extends object
                ? CheckFields<T, Path, Depth>
                : true;

type CheckFields<T extends object, Path extends string, Depth extends 0[]> = FirstRefusal<
  { [K in keyof T & string]: Check<T[K], `${Path}.${K}`, Deeper<Depth>> }[keyof T & string]
>;

type FirstRefusal<Answers> = [Answers] extends [never]
  ? true
  : [Answers] extends [true]
    ? true
    : Extract<Answers, NotStorable<string>>;

/** Intersected with a function's result: no effect on a storable one, an error that names the path on any other. */
export type Stored<Output> = Check<Output> extends true ? unknown : Check<Output>;

/** Carries a type without a value; made by {@link typed}. */
export interface Typed<X> {
  readonly carries?: X;
}

/**
 * Declares a type where there is no value to infer it from: the XComs that a task pushes beside its result.
 * @example
 * const pull = task("pull", { xcom: typed<{ rows: number }>() }, async (_: {}, ctx) => {
 *   await ctx.ti.xcomPush("rows", 3);
 * });
 */
export function typed<X>(): Typed<X> {
  return {};
}
