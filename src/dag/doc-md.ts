/**
 * @module Markdown written inside code: the indentation that all lines share, and blank lines around, are no part of it.
 */

/** The text without its common indentation. Tabs and spaces count as one character each; a first line right after the quote is left as it is. */
export function dedented(text: string): string {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const firstStandsAlone = lines[0]?.trim() !== "" && !/^\s/.test(lines[0] ?? "");
  const indents = lines
    .slice(firstStandsAlone ? 1 : 0)
    .filter((line) => line.trim() !== "")
    .map((line) => /^\s*/.exec(line)?.[0].length ?? 0);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return lines
    .map((line, at) => (at === 0 && firstStandsAlone ? line : line.slice(common)).trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
}
