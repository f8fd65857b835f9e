/**
 * @module Finds the TypeScript examples of the documentation.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

export interface TsBlock {
  /** Path below the project folder. */
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Every markdown page below `docs/` and the README. */
export function documentationPages(projectFolder: string): readonly string[] {
  const below = readdirSync(path.join(projectFolder, "docs"), { recursive: true, encoding: "utf8" });
  return ["README.md", ...below.filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`)].sort();
}

/** The ```ts blocks of a page. */
export function tsBlocks(projectFolder: string, page: string): readonly TsBlock[] {
  const blocks: TsBlock[] = [];
  let open: { line: number; lines: string[] } | null = null;
  for (const [at, line] of readFileSync(path.join(projectFolder, page), "utf8").split("\n").entries()) {
    if (open === null && line === "```ts") open = { line: at + 1, lines: [] };
    else if (open !== null && line === "```") {
      blocks.push({ page, line: open.line, code: open.lines.join("\n") });
      open = null;
    } else open?.lines.push(line);
  }
  return blocks;
}
