/**
 * @module A built DAG as `DagSpec` (plain JSON, named by its hash) and as the handlers that `runtime/` runs.
 */
import type { DagBuilder } from "./dag-builder.ts";
import type { Callback, DagCallback, ExecutableDag, TaskHandler } from "./executable-dag.ts";
import type { DagOptions } from "./dag-options.ts";
import type { DagSpec, TaskGroupSpec } from "../model/dag-spec.ts";
import type { CallbackKind, TaskSpec } from "../model/task-spec.ts";
import type { GivenOptions } from "./task-options.ts";
import type { ParamSpec } from "../model/dag-spec.ts";
import type { SpecHash, TaskId } from "../model/ids.ts";
import type { PlacedTask } from "./placed.ts";
import { DAG_SPEC_VERSION } from "../model/dag-spec.ts";
import { OptionReader, optionsOf, taskSpecOf } from "./task-spec-of.ts";
import { assertTimeZone, scheduleSpec } from "./schedule.ts";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "../lib/canonical-json.ts";
import { dagCallbacks, deadlinesOf, type ReadDeadlines, slaMissCallbacks, taskCallbacks } from "./callbacks.ts";
import { isTimetable } from "./custom-timetable.ts";
import { dagDate, instantOf } from "./days-ago.ts";
import { dedented } from "./doc-md.ts";
import { invalidDag } from "./invalid-dag.ts";
import { reportLengths } from "./report-lengths.ts";
import { resolvedUpstream } from "./resolve-edges.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { compactSpec } from "../model/spec-text.ts";
import { shownArgs } from "./shown-args.ts";
import { warningsOf } from "./options-without-effect.ts";

const MAX_ACTIVE_DEFAULT = 16;
const TAG_LENGTH_MAX = 100;

/** Hex sha256 of the canonical JSON of the spec as it is stored. */
export function specHash(spec: DagSpec): SpecHash {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(compactSpec(spec)))));
}

/** Everything of a DAG that was built. Throws `invalid_dag` for whatever breaks a rule. */
export function serializeDag(
  builder: DagBuilder,
  options: DagOptions,
  params: Readonly<Record<string, ParamSpec>>,
): ExecutableDag {
  const tasks = serializedTasks(builder, options);
  const spec: DagSpec = {
    ...dagFields(builder.dagId, options),
    params,
    callbacks: dagCallbackKinds(
      builder.dagId,
      options,
      tasks.map(({ given }) => given),
    ),
    groups: [...builder.groups.values()].map(groupSpec),
    tasks: tasks.map(({ spec: taskSpec }) => taskSpec),
    warnings: warningsOf(builder, options),
  };
  const schedule = options.schedule ?? options.scheduleInterval;
  return {
    spec,
    ...(isTimetable(schedule) ? { timetable: schedule } : {}),
    handlers: new Map(
      tasks.map(({ spec: { taskId }, placed, callbacks }) => [taskId, handlerOf(placed, callbacks, spec)]),
    ),
    mapFunctions: builder.mapFunctions,
    callbacks: dagCallbacks({ dagId: builder.dagId }, options),
    slaMiss: slaMissCallbacks({ dagId: builder.dagId }, [options, ...tasks.map(({ given }) => given)]),
    deadlines: deadlinesOf({ dagId: builder.dagId }, options.deadline).callbacks,
  };
}

interface SerializedTask {
  readonly placed: PlacedTask;
  readonly given: GivenOptions;
  readonly spec: TaskSpec;
  readonly callbacks: Partial<Record<CallbackKind, readonly Callback[]>>;
}

function serializedTasks(builder: DagBuilder, { defaultArgs = {} }: DagOptions): readonly SerializedTask[] {
  const upstream = resolvedUpstream(builder);
  const placed = [...builder.tasks.values()];
  const expands = [...placed, ...builder.groups.values()].flatMap(({ expand }) => (expand === null ? [] : [expand]));
  const lengths = reportLengths(expands);
  return placed.map((task) => {
    const given = optionsOf(task, defaultArgs);
    const callbacks = taskCallbacks({ dagId: builder.dagId, taskId: task.taskId }, given);
    const spec = taskSpecOf({
      task,
      options: given,
      upstream: upstream.get(task.taskId) ?? [],
      reportLengths: lengths.get(task.taskId) ?? [],
      callbacks: Object.keys(callbacks) as CallbackKind[],
    });
    return { placed: task, given, spec, callbacks };
  });
}

function handlerOf(placed: PlacedTask, callbacks: SerializedTask["callbacks"], spec: DagSpec): TaskHandler {
  const downstream = (taskId: TaskId): readonly TaskId[] =>
    spec.tasks.filter((task) => task.upstream.includes(taskId)).map((task) => task.taskId);
  const { resume } = placed.options;
  const handler = { execute: placed.execute({ downstream, schedule: spec }), callbacks };
  return resume === undefined ? handler : { ...handler, resume };
}

type DagFields = Omit<DagSpec, "params" | "callbacks" | "groups" | "tasks" | "warnings">;

function dagFields(dagId: string, options: DagOptions): DagFields {
  const place = { dagId };
  const read = new OptionReader(place);
  const { defaultArgs = {} } = options;
  const timezone = options.timezone ?? "UTC";
  assertTimeZone(place, "timezone", timezone);
  const { spec: schedule, text, assets } = scheduleSpec(place, options, timezone);
  const startDate = options.startDate ?? defaultArgs.startDate;
  const endDate = options.endDate ?? defaultArgs.endDate;
  return {
    v: DAG_SPEC_VERSION,
    dagId,
    displayName: options.displayName ?? null,
    description: options.description ?? null,
    docMd: options.docMd === undefined ? null : dedented(options.docMd),
    tags: sortedTags(dagId, options.tags ?? []),
    relativeFileloc: "",
    schedule,
    scheduleText: text,
    ...(assets === undefined ? {} : { assets }),
    timezone,
    startDate: startDate === undefined ? null : dagDate(place, "startDate", startDate, timezone),
    endDate: endDate === undefined ? null : instantOf(place, "endDate", endDate, timezone),
    catchup: options.catchup ?? false,
    maxActiveRuns: read.integer("maxActiveRuns", options.maxActiveRuns, MAX_ACTIVE_DEFAULT, 1),
    maxActiveTasks: read.integer("maxActiveTasks", options.maxActiveTasks, MAX_ACTIVE_DEFAULT, 1),
    maxConsecutiveFailedDagRuns: read.integer("maxConsecutiveFailedDagRuns", options.maxConsecutiveFailedDagRuns, 0, 0),
    dagrunTimeoutMs: read.duration("dagrunTimeout", options.dagrunTimeout) ?? null,
    ...retentionField(read, options),
    ...overlapField(read, options),
    ...(read.oneOf("slaRuns", options.slaRuns, ["scheduled", "all"]) === "all" ? { slaRuns: "all" as const } : {}),
    ...deadlineField(deadlinesOf(place, options.deadline)),
    failFast: options.failFast ?? false,
    isPausedUponCreation: options.isPausedUponCreation ?? false,
    renderTemplateAsNativeObj: false,
    defaultArgs: shownArgs(defaultArgs),
  };
}

/** Left out when not given: the deployment decides. */
function retentionField(read: OptionReader, { retention }: DagOptions): Pick<DagSpec, "retentionMs"> {
  if (retention === undefined) return {};
  return { retentionMs: retention === null ? null : (read.duration("retention", retention) ?? null) };
}

function deadlineField({ specs }: ReadDeadlines): Pick<DagSpec, "deadlines"> {
  return specs.length === 0 ? {} : { deadlines: specs };
}

function overlapField(read: OptionReader, { overlap }: DagOptions): Pick<DagSpec, "overlap"> {
  const given = read.oneOf("overlap", overlap, ["queue", "skip", "cancel_running"]);
  return given === "queue" ? {} : { overlap: given };
}

function sortedTags(dagId: string, tags: readonly string[]): readonly string[] {
  for (const tag of tags) {
    if (typeof tag === "string" && tag.length > 0 && tag.length <= TAG_LENGTH_MAX) continue;
    throw invalidDag(
      { dagId },
      `tag ${JSON.stringify(tag)} is no text of 1 to ${TAG_LENGTH_MAX} characters; shorten it`,
    );
  }
  return [...new Set(tags)].toSorted();
}

/** An SLA callback on a task or in `defaultArgs` counts as the DAG's. */
function dagCallbackKinds(dagId: string, options: DagOptions, tasks: readonly GivenOptions[]): DagSpec["callbacks"] {
  const given: Partial<Record<"success" | "failure", readonly DagCallback[]>> = dagCallbacks({ dagId }, options);
  const sla = [options, ...tasks].some(({ slaMissCallback }) => slaMissCallback !== undefined);
  return [
    ...(["success", "failure"] as const).filter((kind) => given[kind] !== undefined),
    ...(sla ? (["sla_miss"] as const) : []),
  ];
}

function groupSpec(group: DagBuilder["groups"] extends Map<string, infer G> ? G : never): TaskGroupSpec {
  const { groupId, parent, label, tooltip, prefixGroupId, expand } = group;
  return { groupId, parent: parent?.groupId ?? null, label, tooltip, prefixGroupId, expand };
}
