/**
 * @module Which queue carries an attempt: the isolate queue, a queue by its name, or a shard of the default queue.
 */
import type { Env, MessageQueue } from "../env.ts";

/** `task.queue` of a task that chose none. */
export const DEFAULT_QUEUE = "default";

/**
 * The binding for an attempt, or undefined when the author's queue has none. Queue `heavy-jobs` is bound as `TASK_QUEUE_HEAVY_JOBS`;
 * shards of the default queue are `TASK_QUEUE`, `TASK_QUEUE_SHARD_1`, `TASK_QUEUE_SHARD_2`, ..., a run stays with one.
 */
export function queueBinding(
  env: Env,
  runKey: string,
  attempt: { readonly queue: string; readonly isolate: boolean },
): { readonly name: string; readonly queue: MessageQueue } | undefined {
  if (attempt.queue !== DEFAULT_QUEUE) return binding(env, namedBinding(attempt.queue));
  if (attempt.isolate) return { name: "ISOLATE_QUEUE", queue: env.ISOLATE_QUEUE };
  return binding(env, shardNames(env)[hash(runKey) % shardNames(env).length] ?? "TASK_QUEUE");
}

/** Name of the binding that carries the queue `name`. */
export function namedBinding(name: string): string {
  return `TASK_QUEUE_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

function shardNames(env: Env): readonly string[] {
  const names = ["TASK_QUEUE"];
  while (binding(env, `TASK_QUEUE_SHARD_${names.length}`) !== undefined) names.push(`TASK_QUEUE_SHARD_${names.length}`);
  return names;
}

function binding(env: Env, name: string): { name: string; queue: MessageQueue } | undefined {
  const value: unknown = Reflect.get(env, name);
  return isQueue(value) ? { name, queue: value } : undefined;
}

function isQueue(value: unknown): value is MessageQueue {
  return typeof value === "object" && value !== null && "sendBatch" in value;
}

/** FNV-1a over UTF-16 units: spreads run names evenly, needs no secret. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
