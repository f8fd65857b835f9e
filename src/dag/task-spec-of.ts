/**
 * @module A placed task as `TaskSpec`: options merged, durations read, limits checked.
 */
import type { DefaultArgs, GivenOptions } from "./task-options.ts";
import type { CallbackKind, TaskSpec } from "../model/task-spec.ts";
import type { Place } from "./invalid-dag.ts";
import type { PlacedTask } from "./placed.ts";
import type { TaskId } from "../model/ids.ts";
import { durationMs, durationText, type Duration } from "../lib/duration.ts";
import { TRIGGER_RULES } from "../model/trigger-rule.ts";
import { dedented } from "./doc-md.ts";
import { groupsAround } from "./placed.ts";
import { invalidDag } from "./invalid-dag.ts";
import { mergedOptions } from "./task-options.ts";

const RETRY_DELAY_MS = 300_000;
const EXECUTION_TIMEOUT_MS = 600_000;
/** What an HTTP invocation surely has left. */
const DIRECT_TIMEOUT_MAX_MS = 20_000;

/** The task's own options over its groups' (inner first) over the DAG's. */
export function optionsOf(task: PlacedTask, dagDefaults: DefaultArgs): GivenOptions {
  const groups = [...groupsAround(task.group)].map(({ defaultArgs }) => defaultArgs).toReversed();
  return mergedOptions<GivenOptions>(dagDefaults, ...groups, task.options);
}

export interface TaskParts {
  readonly task: PlacedTask;
  readonly options: GivenOptions;
  readonly upstream: readonly TaskId[];
  readonly reportLengths: readonly string[];
  readonly callbacks: readonly CallbackKind[];
}

/** Throws `invalid_dag` naming DAG, task, option and remedy. */
export function taskSpecOf({ task, options, upstream, reportLengths, callbacks }: TaskParts): TaskSpec {
  const place: Place = { dagId: task.builder.dagId, taskId: task.taskId };
  const read = new OptionReader(place);
  const executionTimeoutMs = executionTimeout(place, read, options);
  return {
    taskId: task.taskId,
    kind: task.what,
    operatorName: task.operatorName,
    upstream,
    groupId: task.group?.groupId ?? null,
    triggerRule: triggerRuleOf(place, task, options),
    isSetup: task.isSetup,
    isTeardown: task.teardown !== null,
    onFailureFailDagrun: task.teardown?.onFailureFailDagrun ?? false,
    owner: options.owner ?? "airflow",
    retries: read.integer("retries", options.retries, 0, 0),
    retryDelayMs: read.duration("retryDelay", options.retryDelay) ?? RETRY_DELAY_MS,
    retryExponentialBackoff: backoffFactor(place, options.retryExponentialBackoff),
    maxRetryDelayMs: read.duration("maxRetryDelay", options.maxRetryDelay) ?? null,
    executionTimeoutMs,
    dependsOnPast: (options.dependsOnPast ?? false) || (options.waitForDownstream ?? false),
    waitForDownstream: options.waitForDownstream ?? false,
    ignoreFirstDependsOnPast: options.ignoreFirstDependsOnPast ?? false,
    pool: options.pool ?? "default_pool",
    poolSlots: read.integer("poolSlots", options.poolSlots, 1, 1),
    priorityWeight: read.integer("priorityWeight", options.priorityWeight, 1, Number.MIN_SAFE_INTEGER),
    weightRule: read.oneOf("weightRule", options.weightRule, ["downstream", "upstream", "absolute"]),
    maxActiveTisPerDag: read.limit("maxActiveTisPerDag", options.maxActiveTisPerDag),
    maxActiveTisPerDagrun: read.limit("maxActiveTisPerDagrun", options.maxActiveTisPerDagrun),
    queue: options.queue ?? "default",
    isolate: options.isolate ?? false,
    executor: read.oneOf("executor", options.executor, ["queue", "direct"]),
    args: task.args,
    expand: task.expand,
    reportLengths,
    multipleOutputs: options.multipleOutputs ?? false,
    doXcomPush: options.doXcomPush ?? true,
    ignoreDownstreamTriggerRules: task.ignoreDownstreamTriggerRules,
    sensor: task.sensor,
    callbacks,
    email: addresses(options.email),
    emailOnFailure: options.emailOnFailure ?? true,
    emailOnRetry: options.emailOnRetry ?? true,
    slaMs: read.duration("sla", options.sla) ?? null,
    inlets: (options.inlets ?? []).map(({ uri }) => uri),
    outlets: (options.outlets ?? []).map(({ uri }) => uri),
    docMd: options.docMd === undefined ? null : dedented(options.docMd),
    displayName: options.displayName ?? null,
    params: {},
  };
}

/** Reads options of a place; every refusal names the option. */
export class OptionReader {
  readonly #place: Place;
  constructor(place: Place) {
    this.#place = place;
  }

  /** Milliseconds, or undefined when not given. */
  duration(option: string, value: Duration | undefined): number | undefined {
    if (value === undefined) return undefined;
    const ms = durationMs(value);
    if (ms !== undefined) return ms;
    throw invalidDag(
      this.#place,
      `${option} ${JSON.stringify(value)} is no duration; write a number with a unit (ms, s, m, h, d) like "5m"`,
    );
  }

  /** An integer of at least `min`; text of one counts. */
  integer(option: string, value: number | string | undefined, standard: number, min: number): number {
    if (value === undefined) return standard;
    const number = typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= min) return number;
    throw invalidDag(
      this.#place,
      `${option} ${JSON.stringify(value)} is no whole number${min > -1 ? ` of at least ${min}` : ""}`,
    );
  }

  limit(option: string, value: number | undefined): number | null {
    return value === undefined ? null : this.integer(option, value, 1, 1);
  }

  /** One of the words; the first is the default. */
  oneOf<const T extends string>(option: string, value: T | undefined, words: readonly [T, ...T[]]): T {
    if (value === undefined) return words[0];
    if (words.includes(value)) return value;
    throw invalidDag(this.#place, `${option} ${JSON.stringify(value)} is unknown; use one of ${words.join(", ")}`);
  }
}

function executionTimeout(place: Place, read: OptionReader, options: GivenOptions): number {
  const given = read.duration("executionTimeout", options.executionTimeout);
  const ms = given ?? EXECUTION_TIMEOUT_MS;
  if (ms <= 0) throw invalidDag(place, "executionTimeout is 0; give the attempt some time");
  if (options.executor === "direct" && (given === undefined || given > DIRECT_TIMEOUT_MAX_MS)) {
    throw invalidDag(
      place,
      `executor "direct" runs inside an HTTP request; declare an executionTimeout of at most ${durationText(DIRECT_TIMEOUT_MAX_MS)}`,
    );
  }
  return ms;
}

function triggerRuleOf(place: Place, task: PlacedTask, options: GivenOptions): TaskSpec["triggerRule"] {
  const rule = options.triggerRule ?? (task.teardown === null ? "all_success" : "all_done_setup_success");
  if (!TRIGGER_RULES.includes(rule)) {
    throw invalidDag(place, `triggerRule ${JSON.stringify(rule)} is unknown; use one of ${TRIGGER_RULES.join(", ")}`);
  }
  if (task.teardown !== null && rule !== "all_done_setup_success") {
    throw invalidDag(
      place,
      `a teardown's triggerRule is always all_done_setup_success; remove triggerRule ${JSON.stringify(rule)}`,
    );
  }
  return rule;
}

/** `true` = 2; `false` and 0 = none. A factor below 1 would make waits shorter. */
function backoffFactor(place: Place, value: boolean | number | undefined): number {
  if (value === undefined || value === false || value === 0) return 0;
  if (value === true) return 2;
  if (Number.isFinite(value) && value >= 1) return value;
  throw invalidDag(
    place,
    `retryExponentialBackoff ${JSON.stringify(value)} is neither a boolean nor a factor of at least 1`,
  );
}

function addresses(email: string | readonly string[] | undefined): readonly string[] {
  const list = typeof email === "string" ? email.split(/[,;]/) : (email ?? []);
  return list.map((address) => address.trim()).filter((address) => address !== "");
}
