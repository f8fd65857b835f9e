/**
 * @module Templates in the fields of built-in operators and sensors (`"data/{{ ds }}.csv"`): read when the DAG loads, rendered when the task runs. What is not offered
 * is a load error that names the TypeScript form.
 */
import type { Context } from "../context.ts";
import { invalidDag, type Place } from "../invalid-dag.ts";
import { FILTERS } from "./filters.ts";
import { render } from "./evaluate.ts";
import { ATTRIBUTES, KNOWN_NAMES, namesOf } from "./names.ts";
import { parseTemplate } from "./parser.ts";
import { type Expr, type Node, TemplateSyntaxError } from "./syntax.ts";
import { AirflowException } from "../exceptions.ts";

export type RenderTemplate = (context: Context) => Promise<string>;

/** Null for a text without a template. Throws `invalid_dag` for one that cannot be rendered here. */
export function templateOf(place: Place, field: string, text: string): RenderTemplate | null {
  if (!/\{[{%#]/.test(text)) return null;
  const nodes = readTemplate(place, field, text);
  return async (context) => {
    try {
      return await render(nodes, namesOf(context));
    } catch (thrown) {
      if (thrown instanceof TypeError)
        throw new AirflowException(`Template of ${field}: ${thrown.message}.`, { cause: thrown });
      throw thrown;
    }
  };
}

function readTemplate(place: Place, field: string, text: string): readonly Node[] {
  try {
    const nodes = parseTemplate(text);
    for (const node of nodes) checkNode(node, new Set(KNOWN_NAMES));
    return nodes;
  } catch (thrown) {
    if (!(thrown instanceof TemplateSyntaxError)) throw thrown;
    throw invalidDag(
      place,
      `the template of ${field} cannot be rendered: ${thrown.message}; write a function of the context instead: ${field}: (ctx) => \`... \${ctx.ds} ...\``,
    );
  }
}

function checkNode(node: Node, known: ReadonlySet<string>): void {
  if (node.kind === "print") checkExpr(node.expr, known);
  else if (node.kind === "branch") {
    for (const [test, body] of node.cases) {
      if (test !== null) checkExpr(test, known);
      for (const inner of body) checkNode(inner, known);
    }
  } else if (node.kind === "loop") {
    checkExpr(node.over, known);
    const inside = new Set([...known, ...node.names, "loop"]);
    for (const inner of node.body) checkNode(inner, inside);
  }
}

const TESTS: ReadonlySet<string> = new Set(["defined", "undefined", "none"]);

function checkExpr(expr: Expr, known: ReadonlySet<string>): void {
  if (expr.kind === "name" && !known.has(expr.name))
    throw new TemplateSyntaxError(`there is no ${expr.name}; there are ${[...known].toSorted().join(", ")}`);
  if (expr.kind === "attribute" && expr.of.kind === "name") {
    const attributes = Object.hasOwn(ATTRIBUTES, expr.of.name) ? ATTRIBUTES[expr.of.name] : undefined;
    if (attributes !== undefined && !Object.hasOwn(attributes, expr.name))
      throw new TemplateSyntaxError(
        `${expr.of.name} has no ${expr.name}; it has ${Object.keys(attributes).join(", ")}`,
      );
  }
  if (expr.kind === "filter" && !Object.hasOwn(FILTERS, expr.name))
    throw new TemplateSyntaxError(`there is no filter ${expr.name}; there are ${Object.keys(FILTERS).join(", ")}`);
  if (expr.kind === "is" && !TESTS.has(expr.test))
    throw new TemplateSyntaxError(`there is no test ${expr.test}; there are ${[...TESTS].join(", ")}`);
  for (const part of partsOf(expr)) checkExpr(part, known);
}

function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "name":
      return [];
    case "attribute":
    case "not":
    case "negate":
    case "is":
      return [expr.of];
    case "item":
      return [expr.of, expr.key];
    case "call":
    case "filter":
      return [expr.of, ...expr.args.positional, ...Object.values(expr.args.named)];
    case "list":
      return expr.items;
    case "dict":
      return expr.entries.flat();
    case "binary":
      return [expr.left, expr.right];
    case "if":
      return [expr.test, expr.whenTrue, ...(expr.whenFalse === null ? [] : [expr.whenFalse])];
  }
}
