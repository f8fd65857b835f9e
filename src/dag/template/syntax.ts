/**
 * @module The tree of a template: the subset of Jinja that Airflow's templated fields commonly use.
 */

export type Expr =
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly of: Expr; readonly name: string }
  | { readonly kind: "item"; readonly of: Expr; readonly key: Expr }
  | { readonly kind: "call"; readonly of: Expr; readonly args: CallArguments }
  | { readonly kind: "filter"; readonly of: Expr; readonly name: string; readonly args: CallArguments }
  | { readonly kind: "list"; readonly items: readonly Expr[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [Expr, Expr])[] }
  | { readonly kind: "not" | "negate"; readonly of: Expr }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: "if"; readonly test: Expr; readonly whenTrue: Expr; readonly whenFalse: Expr | null }
  | { readonly kind: "is"; readonly of: Expr; readonly test: string; readonly negated: boolean };

export interface CallArguments {
  readonly positional: readonly Expr[];
  readonly named: Readonly<Record<string, Expr>>;
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly expr: Expr }
  | { readonly kind: "branch"; readonly cases: readonly (readonly [Expr | null, readonly Node[]])[] }
  | { readonly kind: "loop"; readonly names: readonly string[]; readonly over: Expr; readonly body: readonly Node[] };

/** What is wrong with a template, found when it is read. */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";
}
