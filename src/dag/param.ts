/**
 * @module Params of a DAG: typed, with a JSON schema that the trigger's `conf` is checked against.
 */
import type { ParamRef } from "./xcom-arg.ts";
import type { ParamSpec } from "../model/dag-spec.ts";
import { REFERENCE } from "./xcom-arg.ts";
import { assertKey, invalidDag } from "./invalid-dag.ts";
import { schemaProblem } from "../lib/json-schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A declared param of type `T`; made by `p`. Without a default the conf must give it. */
export interface Param<T> {
  readonly kind: "param";
  readonly schema: JsonSchema;
  readonly carries?: T;
}

interface Common<T> {
  readonly default?: T;
  readonly title?: string;
  readonly description?: string;
}

/** A plain value declares a param with this default, as in Airflow. */
export type ParamInput = Param<unknown> | string | number | boolean | null;
export type ParamInputs = Readonly<Record<string, ParamInput>>;

type ValueOf<I> =
  I extends Param<infer T>
    ? T
    : I extends string
      ? string
      : I extends number
        ? number
        : I extends boolean
          ? boolean
          : I;
/** Values of the params declared by `P`. */
export type ParamValues<P> = { readonly [K in keyof P]: ValueOf<P[K]> };
/** What a DAG's body sees of its params: references, never values. */
export type ParamRefs<P> = { readonly [K in keyof P]: ParamRef<ValueOf<P[K]>> };

function param<T>(schema: Readonly<Record<string, unknown>>): Param<T> {
  return {
    kind: "param",
    schema: Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined)),
  };
}

type Bounds = { readonly min?: number; readonly max?: number };

function bounded({ min, max, ...rest }: Common<number> & Bounds): object {
  return { ...rest, minimum: min, maximum: max };
}

/**
 * Makes params.
 * @example
 * dag("etl", { params: { region: p.oneOf(["eu", "us"], { default: "eu" }), limit: p.int({ default: 100, min: 1 }) } }, ({ params }) => {
 *   extract({ region: params.region });
 * });
 */
export const p = {
  string: (
    options: Common<string> & {
      readonly minLength?: number;
      readonly maxLength?: number;
      readonly pattern?: string;
      readonly format?: string;
    } = {},
  ): Param<string> => param({ type: "string", ...options }),
  int: (options: Common<number> & Bounds = {}): Param<number> => param({ type: "integer", ...bounded(options) }),
  number: (options: Common<number> & Bounds = {}): Param<number> => param({ type: "number", ...bounded(options) }),
  bool: (options: Common<boolean> = {}): Param<boolean> => param({ type: "boolean", ...options }),
  /** `2026-01-31` */
  date: (options: Common<string> = {}): Param<string> => param({ type: "string", format: "date", ...options }),
  /** `2026-01-31T02:00:00Z` */
  dateTime: (options: Common<string> = {}): Param<string> => param({ type: "string", format: "date-time", ...options }),
  oneOf: <const T extends readonly (string | number)[]>(values: T, options: Common<T[number]> = {}): Param<T[number]> =>
    param({ enum: values, ...options }),
  list: <T>(
    items: Param<T>,
    options: Common<readonly T[]> & { readonly minItems?: number; readonly maxItems?: number } = {},
  ): Param<T[]> => param({ type: "array", items: items.schema, ...options }),
  /** Any JSON schema; `T` is the type you say it describes. */
  schema: <T>(schema: JsonSchema, options: Common<T> = {}): Param<T> => param({ ...schema, ...options }),
} as const;

function isParam(input: ParamInput): input is Param<unknown> {
  return typeof input === "object" && input !== null && input.kind === "param";
}

/** Declared params as they are stored. A default that breaks its own schema is a load error. */
export function paramSpecs(dagId: string, inputs: ParamInputs): Record<string, ParamSpec> {
  const specs: Record<string, ParamSpec> = {};
  for (const [name, input] of Object.entries(inputs)) {
    assertKey({ dagId }, "param name", name);
    const schema: JsonSchema = isParam(input) ? input.schema : { default: input };
    const description = typeof schema["description"] === "string" ? schema["description"] : null;
    if (!("default" in schema)) {
      specs[name] = { schema, description };
      continue;
    }
    const value = schema["default"];
    const problem = schemaProblem(schema, value, name);
    if (problem !== undefined)
      throw invalidDag({ dagId }, `the default of param "${name}" breaks its own schema: ${problem}`);
    specs[name] = { schema, value, description };
  }
  return specs;
}

/** The references handed to a DAG's body. */
export function paramRefs(specs: Readonly<Record<string, ParamSpec>>): Record<string, ParamRef<unknown>> {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, paramRef(name, [])]));
}

function paramRef(name: string, path: readonly string[]): ParamRef<unknown> {
  const reference = {
    isParam: true,
    pick: (key: string) => paramRef(name, [...path, key]),
    [REFERENCE]: { expr: { kind: "param", name, path }, producers: [] },
  };
  // The type's own brand has no run-time side.
  return reference as unknown as ParamRef<unknown>;
}
