/**
 * @module Project-wide names as types: what `defineConfig` declares (pools, variables, connections) and the Worker's bindings, merged in through `Register`.
 *
 * Without a registered config every name is a plain string.
 */

/**
 * Augmented once per project, so that misspelt names do not compile.
 * @example
 * declare module "airflare" {
 *   interface Register { config: typeof config; env: { LAKE: R2Bucket } }
 * }
 */
// An interface, because only interfaces merge across files.
export interface Register {}

/** What `airflare.config.ts` may declare. */
export interface ProjectConfig {
  /** Slots by pool name; -1 = unlimited. */
  readonly pools?: Readonly<Record<string, number>>;
  /** Defaults; the values live in the store and can be changed there. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Kind by connection id (`postgres`, `http`, ...); secrets are set by CLI or UI. */
  readonly connections?: Readonly<Record<string, string>>;
  /** As in Airflow's `[scheduler] create_cron_data_intervals`: a cron given as `schedule` makes runs that cover the interval before. Default false. */
  readonly createCronDataIntervals?: boolean;
}

type Config = Register extends { config: infer C } ? C : ProjectConfig;
type Part<Name extends keyof ProjectConfig> = Config extends { readonly [K in Name]: infer V } ? V : never;
type NamesOf<Name extends keyof ProjectConfig> = [Part<Name>] extends [never]
  ? string
  : Extract<keyof Part<Name>, string>;

/** Bindings of the Worker, `ctx.env`. */
export type Env = Register extends { env: infer E } ? E : Readonly<Record<string, unknown>>;
export type PoolName = string extends NamesOf<"pools"> ? string : NamesOf<"pools"> | "default_pool";
export type VariableName = NamesOf<"variables">;
export type ConnectionId = NamesOf<"connections">;

/** A literal default (`"localhost"`, from `const` inference) stands for its kind: the stored value may be any other. */
type Widened<V> = V extends string ? string : V extends number ? number : V extends boolean ? boolean : V;
/** Type of a variable: of its default in the config, else `unknown`. */
export type VariableValue<Name extends string> = Name extends keyof Part<"variables">
  ? Widened<Part<"variables">[Name]>
  : unknown;
