/**
 * @module Fields of built-in operators and sensors that Airflow renders (its `template_fields`): a value, a reference to one, a text with templates in it, also inside
 * lists and objects, or a function of the context (`(ctx) => "data/" + ctx.ds`).
 */
import type { Context } from "../context.ts";
import { referenceOf, type ValueRef } from "../xcom-arg.ts";
import { type Place } from "../invalid-dag.ts";
import { templateOf } from "../template/template.ts";

/** What may be given for a field. */
export type Field<T> = T | ValueRef<T> | ((ctx: Context) => T | Promise<T>);

type Input = Readonly<Record<string, unknown>>;
type Compute = (context: Context, input: Input) => unknown;

/** The fields of a placed task: what travels as its inputs, and what is computed when it runs. */
export class Fields {
  readonly input: Input;
  readonly #computed: Readonly<Record<string, Compute>>;
  readonly #slots: ReadonlySet<string>;

  /** Throws `invalid_dag` for a template that cannot be rendered here. */
  constructor(place: Place, given: Input) {
    const input: Record<string, unknown> = {};
    const computed: Record<string, Compute> = {};
    const slots = new Map<string, unknown>();
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) continue;
      if (typeof value === "function") computed[name] = value as Compute;
      else if (holdsTemplate(value)) computed[name] = builderOf(place, name, value, slots);
      else input[name] = value;
    }
    this.input = { ...input, ...Object.fromEntries(slots) };
    this.#computed = computed;
    this.#slots = new Set(slots.keys());
  }

  /** True for a field that is known when the DAG loads. */
  static isLiteral(value: unknown): value is string | readonly string[] {
    const isText = (item: unknown): boolean => typeof item === "string" && !holdsTemplate(item);
    return isText(value) || (Array.isArray(value) && value.every(isText));
  }

  /** Their values for one attempt or poke. Values that come from elsewhere are never read as templates. */
  async read(input: Input, context: Context): Promise<Input> {
    const plain = Object.entries(input).filter(([name]) => !this.#slots.has(name));
    const computed = await Promise.all(
      Object.entries(this.#computed).map(async ([name, compute]) => [name, await compute(context, input)] as const),
    );
    return Object.fromEntries([...plain, ...computed]);
  }
}

function holdsTemplate(value: unknown): boolean {
  if (typeof value === "string") return /\{[{%#]/.test(value);
  if (typeof value !== "object" || value === null || referenceOf(value) !== undefined) return false;
  return partsOf(value).some(([, part]) => holdsTemplate(part));
}

/** Builds the value with its templates rendered; references in it travel as inputs of their own, under `slots`. */
function builderOf(place: Place, name: string, value: unknown, slots: Map<string, unknown>): Compute {
  if (typeof value === "string") return templateOf(place, name, value) ?? (() => value);
  if (typeof value !== "object" || value === null) return () => value;
  if (referenceOf(value) !== undefined) {
    const slot = `${name}:${slots.size}`;
    slots.set(slot, value);
    return (_context, input) => input[slot];
  }
  const parts = partsOf(value).map(([key, part]) => [key, builderOf(place, name, part, slots)] as const);
  if (parts.length === 0) return () => value;
  return async (context, input) => {
    const built = await Promise.all(parts.map(async ([key, build]) => [key, await build(context, input)] as const));
    return Array.isArray(value) ? built.map(([, part]) => part) : Object.fromEntries(built);
  };
}

/** Members of a list or a plain object. */
function partsOf(value: object): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((part, index) => [String(index), part]);
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null ? Object.entries(value) : [];
}
