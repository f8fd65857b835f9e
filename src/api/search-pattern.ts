/**
 * @module Airflow's search patterns: contains, ignoring case; `%` and `_` are wildcards, `|` is or, `~` is everything.
 */

/** Whether `text` fits. The history's SQL says the same with LIKE. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (pattern === "~") return true;
  const alternatives = pattern
    .split("|")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (alternatives.length === 0) return true;
  return alternatives.some((part) => new RegExp(likeSource(part), "isu").test(text));
}

function likeSource(part: string): string {
  return part
    .replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
    .replaceAll("%", ".*")
    .replaceAll("_", ".");
}
