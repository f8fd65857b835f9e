/**
 * @module Renders the tree of a template. Names are looked up when they are used; what they stand for may come from afar (XComs, variables).
 */
import { compared, FILTERS } from "./filters.ts";
import type { CallArguments, Expr, Node } from "./syntax.ts";
import { dateText, TimeSpan } from "./date-value.ts";
import { attributeOf, Callable, isDict, isTrue, itemOf, listOf, pythonText } from "./values.ts";

/** The value a name stands for; undefined when there is none of this name. */
export type Names = (name: string) => unknown;

const MISSING: unique symbol = Symbol("missing");

export async function render(nodes: readonly Node[], names: Names): Promise<string> {
  let text = "";
  for (const node of nodes) text += await rendered(node, names);
  return text;
}

async function rendered(node: Node, names: Names): Promise<string> {
  switch (node.kind) {
    case "text":
      return node.text;
    case "print":
      return pythonText(await valueOf(node.expr, names));
    case "branch":
      for (const [test, body] of node.cases)
        if (test === null || isTrue(await valueOf(test, names))) return render(body, names);
      return "";
    case "loop":
      return loop(node, names);
  }
}

async function loop(node: Extract<Node, { kind: "loop" }>, names: Names): Promise<string> {
  const items = listOf(await valueOf(node.over, names));
  let text = "";
  for (const [index, item] of items.entries()) {
    const parts = node.names.length === 1 ? [item] : listOf(item);
    const state = {
      index: index + 1,
      index0: index,
      first: index === 0,
      last: index === items.length - 1,
      length: items.length,
    };
    const local: Record<string, unknown> = { loop: state };
    for (const [at, name] of node.names.entries()) local[name] = parts[at];
    text += await render(node.body, (name) => (Object.hasOwn(local, name) ? local[name] : names(name)));
  }
  return text;
}

async function valueOf(expr: Expr, names: Names): Promise<unknown> {
  const value = await evaluated(expr, names);
  if (value === MISSING) throw new TypeError(`${sourceOf(expr)} is undefined`);
  return value;
}

/** `MISSING` for a name or field that is not there: an error unless a `default` or `is defined` comes next. */
async function evaluated(expr: Expr, names: Names): Promise<unknown> {
  switch (expr.kind) {
    case "literal":
      return expr.value;
    case "name": {
      const value = await names(expr.name);
      return value === undefined ? MISSING : value;
    }
    case "attribute":
      return present(expr, async () => attributeOf(await valueOf(expr.of, names), expr.name));
    case "item":
      return present(expr, async () => itemOf(await valueOf(expr.of, names), await valueOf(expr.key, names)));
    case "call":
      return called(expr, names);
    case "filter":
      return filtered(expr, names);
    case "list":
      return valuesOf(expr.items, names);
    case "dict":
      return Object.fromEntries(
        await Promise.all(
          expr.entries.map(async ([key, value]) => [
            pythonText(await valueOf(key, names)),
            await valueOf(value, names),
          ]),
        ),
      );
    case "not":
      return !isTrue(await valueOf(expr.of, names));
    case "negate":
      return -numberOf(await valueOf(expr.of, names));
    case "binary":
      return binary(expr, names);
    case "if":
      if (isTrue(await valueOf(expr.test, names))) return valueOf(expr.whenTrue, names);
      return expr.whenFalse === null ? "" : valueOf(expr.whenFalse, names);
    case "is":
      return tested(expr, names);
  }
}

/** What is not there is missing; any other error is one. */
async function present(expr: Expr, look: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await look();
    return value === undefined ? MISSING : value;
  } catch (thrown) {
    if (thrown instanceof TypeError) throw new TypeError(`${sourceOf(expr)}: ${thrown.message}`, { cause: thrown });
    throw thrown;
  }
}

async function called(expr: Extract<Expr, { kind: "call" }>, names: Names): Promise<unknown> {
  const callable = await valueOf(expr.of, names);
  if (!(callable instanceof Callable)) throw new TypeError(`${sourceOf(expr.of)} is no function`);
  const { positional, named } = await argumentsOf(expr.args, names);
  const answer = await callable.call(positional, named);
  return answer === undefined ? null : answer;
}

async function filtered(expr: Extract<Expr, { kind: "filter" }>, names: Names): Promise<unknown> {
  const filter = Object.hasOwn(FILTERS, expr.name) ? FILTERS[expr.name] : undefined;
  if (filter === undefined) throw new TypeError(`there is no filter ${expr.name}`);
  const givesDefault = expr.name === "default" || expr.name === "d";
  const value = givesDefault ? await maybe(expr.of, names) : await valueOf(expr.of, names);
  const { positional, named } = await argumentsOf(expr.args, names);
  try {
    return filter(value === MISSING ? undefined : value, positional, named);
  } catch (thrown) {
    if (thrown instanceof TypeError) throw new TypeError(`${sourceOf(expr)}: ${thrown.message}`, { cause: thrown });
    throw thrown;
  }
}

/** A value that may not be there, at any depth. */
async function maybe(expr: Expr, names: Names): Promise<unknown> {
  try {
    return await evaluated(expr, names);
  } catch (thrown) {
    if (thrown instanceof TypeError) return MISSING;
    throw thrown;
  }
}

async function tested({ of, test, negated }: Extract<Expr, { kind: "is" }>, names: Names): Promise<boolean> {
  const value = await maybe(of, names);
  const isDefined = value !== MISSING;
  const answer =
    test === "defined" ? isDefined : test === "undefined" ? !isDefined : value === null || value === undefined;
  return answer !== negated;
}

async function argumentsOf(
  args: CallArguments,
  names: Names,
): Promise<{ readonly positional: readonly unknown[]; readonly named: Readonly<Record<string, unknown>> }> {
  const entries = Object.entries(args.named).map(async ([name, value]) => [name, await valueOf(value, names)] as const);
  return { positional: await valuesOf(args.positional, names), named: Object.fromEntries(await Promise.all(entries)) };
}

function valuesOf(exprs: readonly Expr[], names: Names): Promise<unknown[]> {
  return Promise.all(exprs.map((expr) => valueOf(expr, names)));
}

async function binary({ operator, left, right }: Extract<Expr, { kind: "binary" }>, names: Names): Promise<unknown> {
  const a = await valueOf(left, names);
  if (operator === "and") return isTrue(a) ? valueOf(right, names) : a;
  if (operator === "or") return isTrue(a) ? a : valueOf(right, names);
  const b = await valueOf(right, names);
  switch (operator) {
    case "==":
      return isSame(a, b);
    case "!=":
      return !isSame(a, b);
    case "<":
      return compared(a, b) < 0;
    case ">":
      return compared(a, b) > 0;
    case "<=":
      return compared(a, b) <= 0;
    case ">=":
      return compared(a, b) >= 0;
    case "in":
      return holds(b, a);
    case "not in":
      return !holds(b, a);
    case "~":
      return pythonText(a) + pythonText(b);
    case "+":
      return sum(a, b);
    case "-":
      return difference(a, b);
    default:
      return product(operator, numberOf(a), numberOf(b));
  }
}

function sum(a: unknown, b: unknown): unknown {
  if (typeof a === "string" && typeof b === "string") return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (a instanceof Date && b instanceof TimeSpan) return new Date(a.getTime() + b.ms);
  if (a instanceof TimeSpan && b instanceof Date) return new Date(b.getTime() + a.ms);
  if (a instanceof TimeSpan && b instanceof TimeSpan) return new TimeSpan(a.ms + b.ms);
  return numberOf(a) + numberOf(b);
}

function difference(a: unknown, b: unknown): unknown {
  if (a instanceof Date && b instanceof TimeSpan) return new Date(a.getTime() - b.ms);
  if (a instanceof Date && b instanceof Date) return new TimeSpan(a.getTime() - b.getTime());
  return numberOf(a) - numberOf(b);
}

function product(operator: string, a: number, b: number): number {
  if (operator === "*") return a * b;
  if (b === 0) throw new TypeError("division by zero");
  if (operator === "/") return a / b;
  const floor = Math.floor(a / b);
  return operator === "//" ? floor : a - b * floor;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (typeof a === "object" && typeof b === "object") return pythonText(a) === pythonText(b);
  return a === b;
}

function holds(list: unknown, item: unknown): boolean {
  if (typeof list === "string") return list.includes(pythonText(item));
  if (isDict(list)) return Object.hasOwn(list, pythonText(item));
  return listOf(list).some((one) => isSame(one, item));
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  throw new TypeError(`${value instanceof Date ? dateText(value, "ts") : "a value"} is no number`);
}

/** The expression as far as it names where the value comes from. */
export function sourceOf(expr: Expr): string {
  switch (expr.kind) {
    case "name":
      return expr.name;
    case "attribute":
      return `${sourceOf(expr.of)}.${expr.name}`;
    case "item":
      return `${sourceOf(expr.of)}[...]`;
    case "call":
      return `${sourceOf(expr.of)}(...)`;
    case "filter":
      return `${sourceOf(expr.of)} | ${expr.name}`;
    default:
      return "the value";
  }
}
