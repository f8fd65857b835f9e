/**
 * @module Options that are understood and stored but have no effect yet. Each use gives a load warning; an entry goes when its feature lands.
 */
import type { DagBuilder } from "./dag-builder.ts";
import type { DagOptions } from "./dag-options.ts";
import type { DefaultArgs, GivenOptions } from "./task-options.ts";
import { placeText } from "./invalid-dag.ts";

interface OptionWithoutEffect<Options> {
  readonly option: keyof Options & string;
  /** What does not happen. */
  readonly missing: string;
  /** False for values that ask for nothing. */
  readonly asks: (value: unknown) => boolean;
}

const given = (): boolean => true;
const isNot =
  (neutral: unknown) =>
  (value: unknown): boolean =>
    value !== neutral;

/** On a task, in a group's or a DAG's `defaultArgs`. */
export const TASK_OPTIONS_WITHOUT_EFFECT: readonly OptionWithoutEffect<GivenOptions>[] = [
  { option: "inlets", missing: "no lineage is recorded", asks: given },
  { option: "outlets", missing: "no asset events are made", asks: given },
];

export const DAG_OPTIONS_WITHOUT_EFFECT: readonly OptionWithoutEffect<DagOptions>[] = [
  { option: "schedule", missing: "asset events make no runs; trigger the DAG instead", asks: Array.isArray },
  { option: "maxConsecutiveFailedDagRuns", missing: "failed runs do not pause the DAG", asks: isNot(0) },
];

/** One sentence for each use, naming DAG, task or group, option and what does not happen. */
export function warningsOf(builder: DagBuilder, options: DagOptions): readonly string[] {
  const { dagId } = builder;
  const warnings = usesOf(placeText({ dagId }), options, DAG_OPTIONS_WITHOUT_EFFECT);
  const layer = (where: string, layerOptions: GivenOptions | DefaultArgs): void => {
    warnings.push(...usesOf(where, layerOptions as GivenOptions, TASK_OPTIONS_WITHOUT_EFFECT));
  };
  layer(`${placeText({ dagId })}, all tasks (defaultArgs)`, options.defaultArgs ?? {});
  for (const { groupId, defaultArgs } of builder.groups.values())
    layer(`${placeText({ dagId, groupId })}, its tasks (defaultArgs)`, defaultArgs);
  for (const { taskId, options: own } of builder.tasks.values()) layer(placeText({ dagId, taskId }), own);
  return warnings;
}

function usesOf<Options extends object>(
  where: string,
  options: Options,
  table: readonly OptionWithoutEffect<Options>[],
): string[] {
  return table
    .filter(({ option, asks }) => options[option] !== undefined && asks(options[option]))
    .map(({ option, missing }) => `${where}: option ${option} has no effect yet: ${missing}`);
}
