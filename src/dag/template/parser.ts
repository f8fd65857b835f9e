/**
 * @module Reads a template into its tree. Statements: `if` / `elif` / `else`, `for ... in`. Anything else is a syntax error.
 */
import { pieces, type Piece } from "./lexer.ts";
import { ExprReader } from "./expr-reader.ts";
import { type Expr, type Node, TemplateSyntaxError } from "./syntax.ts";

export function parseTemplate(template: string): readonly Node[] {
  const reader = new BlockReader(pieces(template));
  const nodes = reader.block([]);
  reader.assertEnd();
  return nodes;
}

type Statement = Extract<Piece, { kind: "print" | "statement" }>;

class BlockReader {
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(found: readonly Piece[]) {
    this.#pieces = found;
  }

  /** Nodes up to a statement with one of these words, which is not consumed. */
  block(ends: readonly string[]): readonly Node[] {
    const nodes: Node[] = [];
    for (let piece = this.#pieces[this.#at]; piece !== undefined; piece = this.#pieces[this.#at]) {
      if (piece.kind === "text") nodes.push(piece);
      else if (piece.kind === "print") nodes.push({ kind: "print", expr: exprOf(piece, 0) });
      else if (ends.includes(wordOf(piece))) return nodes;
      else {
        nodes.push(this.#statement(piece));
        continue;
      }
      this.#at++;
    }
    if (ends.length > 0) throw new TemplateSyntaxError(`{% ${ends.at(-1) ?? ""} %} is missing`);
    return nodes;
  }

  assertEnd(): void {
    const rest = this.#pieces[this.#at];
    if (rest !== undefined && rest.kind !== "text") throw new TemplateSyntaxError(`${rest.source} has no beginning`);
  }

  #statement(piece: Statement): Node {
    const word = wordOf(piece);
    if (word === "if") return this.#branch();
    if (word === "for") return this.#loop(piece);
    throw new TemplateSyntaxError(`${piece.source}: only if and for are statements here`);
  }

  #branch(): Node {
    const cases: [Expr | null, readonly Node[]][] = [];
    for (;;) {
      const piece = this.#next();
      const word = wordOf(piece);
      if (word === "endif") return { kind: "branch", cases };
      const test = word === "else" ? null : exprOf(piece, 1);
      cases.push([test, this.block(word === "else" ? ["endif"] : ["elif", "else", "endif"])]);
    }
  }

  #loop(piece: Statement): Node {
    this.#next();
    const inAt = piece.tokens.findIndex(({ kind, value }) => kind === "name" && value === "in");
    const names = piece.tokens.slice(1, inAt).filter(({ value }) => value !== ",");
    if (inAt < 0 || names.length === 0 || names.some(({ kind }) => kind !== "name"))
      throw new TemplateSyntaxError(`${piece.source} is no loop; write {% for x in list %}`);
    const over = exprOf(piece, inAt + 1);
    const body = this.block(["endfor"]);
    this.#next();
    return { kind: "loop", names: names.map(({ value }) => value), over, body };
  }

  #next(): Statement {
    const piece = this.#pieces[this.#at++];
    if (piece === undefined || piece.kind === "text") throw new TemplateSyntaxError("the template ends too early");
    return piece;
  }
}

function wordOf({ tokens }: Statement): string {
  return tokens[0]?.value ?? "";
}

function exprOf({ tokens, source }: Statement, from: number): Expr {
  const reader = new ExprReader(tokens.slice(from), source);
  const expr = reader.expression();
  reader.assertEnd();
  return expr;
}
