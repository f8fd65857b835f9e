/**
 * @module Durations as authors write them: a number with a unit (`"90s"`, `"5m"`). Bare numbers are not accepted: nobody remembers which unit they are in.
 */

export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration, or undefined for anything that is none (negative, without unit, with an unknown one). */
export function durationMs(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(Math.round(value)) ? Math.round(value) : undefined;
}

/** Shortest text of whole milliseconds: `5m`, `1500ms`. */
export function durationText(ms: number): Duration {
  if (ms !== 0) {
    for (const unit of ["d", "h", "m", "s"] as const) {
      const size = UNIT_MS[unit] ?? 1;
      if (ms % size === 0) return `${ms / size}${unit}`;
    }
  }
  return `${ms}ms`;
}
