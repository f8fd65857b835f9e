/**
 * @module Reads the expression inside of `{{ }}`, by Jinja's precedence: `a if c else b`, or, and, not, comparisons, sums, `~`, products, sign, then attributes, items,
 * calls and filters.
 */
import type { Token } from "./lexer.ts";
import { type CallArguments, type Expr, TemplateSyntaxError } from "./syntax.ts";

const CONSTANTS: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};
/** Binary operators by precedence, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", ">", "<=", ">=", "in", "not in"],
  ["+", "-"],
  ["~"],
  ["*", "/", "//", "%"],
];
const COMPARISON = 2;

export class ExprReader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  #at = 0;

  constructor(tokens: readonly Token[], source: string) {
    this.#tokens = tokens;
    this.#source = source;
  }

  expression(): Expr {
    const whenTrue = this.#binary(0);
    if (!this.#takes("if")) return whenTrue;
    const test = this.#binary(0);
    return { kind: "if", test, whenTrue, whenFalse: this.#takes("else") ? this.expression() : null };
  }

  assertEnd(): void {
    if (this.#at < this.#tokens.length) this.#fail(`"${this.#tokens[this.#at]?.value ?? ""}" does not fit here`);
  }

  #binary(level: number): Expr {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    if (level === COMPARISON && this.#isWord("not")) {
      this.#at++;
      return { kind: "not", of: this.#binary(level) };
    }
    let left = this.#binary(level + 1);
    for (;;) {
      if (level === COMPARISON && this.#takes("is")) {
        left = { kind: "is", of: left, negated: this.#takes("not"), test: this.#name() };
        continue;
      }
      const operator = this.#operator(operators);
      if (operator === null) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #operator(operators: readonly string[]): string | null {
    if (operators.includes("not in") && this.#isWord("not") && this.#tokens[this.#at + 1]?.value === "in") {
      this.#at += 2;
      return "not in";
    }
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === "text" || !operators.includes(token.value)) return null;
    this.#at++;
    return token.value;
  }

  #unary(): Expr {
    if (this.#takes("-")) return { kind: "negate", of: this.#unary() };
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expr): Expr {
    let expr = start;
    for (;;) {
      if (this.#takes(".")) expr = { kind: "attribute", of: expr, name: this.#name() };
      else if (this.#takes("[")) {
        expr = { kind: "item", of: expr, key: this.expression() };
        this.#expect("]");
      } else if (this.#takes("(")) expr = { kind: "call", of: expr, args: this.#arguments() };
      else if (this.#takes("|")) {
        const name = this.#name();
        const args = this.#takes("(") ? this.#arguments() : { positional: [], named: {} };
        expr = { kind: "filter", of: expr, name, args };
      } else return expr;
    }
  }

  #primary(): Expr {
    const token = this.#tokens[this.#at++];
    if (token === undefined) return this.#fail("an expression is missing");
    if (token.kind === "text") return { kind: "literal", value: token.value };
    if (token.kind === "number") return { kind: "literal", value: Number(token.value) };
    if (token.kind === "name")
      return Object.hasOwn(CONSTANTS, token.value)
        ? { kind: "literal", value: CONSTANTS[token.value] }
        : { kind: "name", name: token.value };
    if (token.value === "(") return this.#group();
    if (token.value === "[") return { kind: "list", items: this.#until("]", () => this.expression()) };
    if (token.value === "{") return { kind: "dict", entries: this.#until("}", () => this.#entry()) };
    return this.#fail(`"${token.value}" does not fit here`);
  }

  #group(): Expr {
    const inside = this.expression();
    this.#expect(")");
    return inside;
  }

  #entry(): readonly [Expr, Expr] {
    const key = this.expression();
    this.#expect(":");
    return [key, this.expression()];
  }

  #arguments(): CallArguments {
    const positional: Expr[] = [];
    const named: Record<string, Expr> = {};
    this.#until(")", () => {
      const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
      if (first?.kind === "name" && second?.kind === "sign" && second.value === "=") {
        this.#at += 2;
        named[first.value] = this.expression();
      } else positional.push(this.expression());
    });
    return { positional, named };
  }

  /** Parts with commas between them, and maybe one at the end. */
  #until<T>(end: string, part: () => T): T[] {
    const parts: T[] = [];
    while (!this.#takes(end)) {
      parts.push(part());
      if (this.#takes(",")) continue;
      this.#expect(end);
      break;
    }
    return parts;
  }

  #isWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    return token !== undefined && token.kind !== "text" && token.value === word;
  }

  #takes(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) this.#fail(`"${word}" is missing`);
  }

  #name(): string {
    const token = this.#tokens[this.#at++];
    return token?.kind === "name" ? token.value : this.#fail("a name is missing");
  }

  #fail(why: string): never {
    throw new TemplateSyntaxError(`${this.#source}: ${why}`);
  }
}
