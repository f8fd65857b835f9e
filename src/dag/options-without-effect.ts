/**
 * @module Options that are understood and stored but have no effect yet. Each use gives a load warning; an entry goes when its feature lands.
 */
import type { DagBuilder } from "./dag-builder.ts";
import type { DagOptions } from "./dag-options.ts";
import { placeText } from "./invalid-dag.ts";

interface OptionWithoutEffect {
  readonly option: keyof DagOptions;
  /** What does not happen. */
  readonly missing: string;
  /** False for values that ask for nothing. */
  readonly asks: (value: unknown) => boolean;
}

const isNot =
  (neutral: unknown) =>
  (value: unknown): boolean =>
    value !== neutral;

export const DAG_OPTIONS_WITHOUT_EFFECT: readonly OptionWithoutEffect[] = [
  { option: "maxConsecutiveFailedDagRuns", missing: "failed runs do not pause the DAG", asks: isNot(0) },
];

/** One sentence for each use, naming DAG, option and what does not happen. */
export function warningsOf({ dagId }: Pick<DagBuilder, "dagId">, options: DagOptions): readonly string[] {
  return DAG_OPTIONS_WITHOUT_EFFECT.filter(
    ({ option, asks }) => options[option] !== undefined && asks(options[option]),
  ).map(({ option, missing }) => `${placeText({ dagId })}: option ${option} has no effect yet: ${missing}`);
}
