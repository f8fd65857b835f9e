/**
 * @module Cutting long texts into rows. A cut never falls inside a surrogate pair: SQLite stores UTF-8, where half a pair is lost.
 */

/** `text` in pieces of at most `size` UTF-16 units; joined they are `text` again. */
export function chunksOf(text: string, size: number): string[] {
  const chunks: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + size, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    chunks.push(text.slice(start, end));
    start = end;
  }
  return chunks;
}

/** Whole lines in pieces of about `size` UTF-16 units; a longer line is a piece of its own. Lines end with a newline, the last one may lack it. */
export function lineChunksOf(text: string, size: number): { readonly text: string; readonly lines: number }[] {
  const chunks: { text: string; lines: number }[] = [];
  let piece = "";
  let lines = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (lines > 0 && piece.length + line.length > size) {
      chunks.push({ text: piece, lines });
      piece = "";
      lines = 0;
    }
    piece += `${line}\n`;
    lines++;
  }
  if (lines > 0) chunks.push({ text: piece, lines });
  return chunks;
}
