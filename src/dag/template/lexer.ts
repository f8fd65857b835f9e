/**
 * @module Cuts a template into text, prints (`{{ }}`) and statements (`{% %}`), and the inside of those into tokens. Comments (`{# #}`) vanish.
 */
import { TemplateSyntaxError } from "./syntax.ts";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print" | "statement"; readonly tokens: readonly Token[]; readonly source: string };

export interface Token {
  readonly kind: "name" | "number" | "text" | "sign";
  readonly value: string;
}

const END = { "{{": "}}", "{%": "%}", "{#": "#}" } as const;
const TOKEN =
  /\s+|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\/\/|\*\*|[=!<>]=|[-+*/%~<>=|.,:()[\]{}])/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

export function pieces(template: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const start = nextStart(template, at);
    const text = template.slice(at, start ?? template.length);
    const cutsBefore = start !== null && template[start + 2] === "-";
    addText(found, trimmed(text, trimNext, cutsBefore));
    if (start === null) return found;
    const open = template.slice(start, start + 2) as keyof typeof END;
    const end = endOf(template, start, END[open]);
    const inside = template
      .slice(start + 2, end)
      .replace(/^[-+]/, "")
      .replace(/-$/, "");
    trimNext = template[end - 1] === "-";
    if (open !== "{#") {
      const kind = open === "{{" ? "print" : "statement";
      found.push({ kind, tokens: tokensOf(inside), source: template.slice(start, end + 2) });
    }
    at = end + 2;
  }
}

function nextStart(template: string, from: number): number | null {
  const found = /\{[{%#]/g;
  found.lastIndex = from;
  return found.exec(template)?.index ?? null;
}

/** A closing sign inside quotes closes nothing. */
function endOf(template: string, start: number, close: string): number {
  const skip = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\s\S]/y;
  for (let at = start + 2; at < template.length;) {
    if (template.startsWith(close, at)) return at;
    skip.lastIndex = at;
    at += close === "#}" ? 1 : (skip.exec(template)?.[0].length ?? 1);
  }
  throw new TemplateSyntaxError(`${template.slice(start, start + 20)} is not closed with ${close}`);
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.trimStart() : text;
  return end ? left.trimEnd() : left;
}

function addText(found: Piece[], text: string): void {
  if (text !== "") found.push({ kind: "text", text });
}

function tokensOf(inside: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < inside.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(inside);
    if (match === null) throw new TemplateSyntaxError(`${inside.slice(at, at + 10)} is not understood`);
    const [, name, number, text, sign] = match;
    if (name !== undefined) tokens.push({ kind: "name", value: name });
    else if (number !== undefined) tokens.push({ kind: "number", value: number });
    else if (text !== undefined) tokens.push({ kind: "text", value: unescaped(text.slice(1, -1)) });
    else if (sign !== undefined) tokens.push({ kind: "sign", value: sign });
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_, character: string) => ESCAPES[character] ?? character);
}
