/**
 * @module How task instances are packed: 64 to a row, each a list of numbers in the order of `FIELDS` without its trailing zeros.
 * A commit rewrites a block whole, so one event writes one row for up to 64 instances.
 */
import { INSTANCES_PER_BLOCK } from "../../model/task-instance.ts";
import { TASK_INSTANCE_STATES } from "../../model/state.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Order is storage format: append only. `ord` is the place in the block, `state` an index into `TASK_INSTANCE_STATES`. */
const FIELDS = [
  "task",
  "mapIndex",
  "tryNumber",
  "maxTries",
  "nonce",
  "seq",
  "scheduledAt",
  "queuedAt",
  "startedAt",
  "endedAt",
  "dueAt",
  "sends",
  "losses",
  "firstPokedAt",
  "pokes",
  "flags",
  "elapsedMs",
  "slotAsk",
  "slotsHeld",
  "slotUntil",
] as const satisfies readonly (keyof TaskInstance)[];

export function blockOf(ord: number): number {
  return Math.floor(ord / INSTANCES_PER_BLOCK);
}

/** The instances of one block. */
export function instancesOf(instances: readonly TaskInstance[], block: number): readonly TaskInstance[] {
  const start = block * INSTANCES_PER_BLOCK;
  return instances.slice(start, start + INSTANCES_PER_BLOCK);
}

/** One block of `instances` as it is stored. */
export function packedRows(instances: readonly TaskInstance[], block: number): readonly (readonly number[])[] {
  return instancesOf(instances, block).map(packInstance);
}

/** The stored text of one block of `instances`. */
export function packBlock(instances: readonly TaskInstance[], block: number): string {
  return JSON.stringify(packedRows(instances, block));
}

/** The instances of a stored block; fields a newer version appended are left out, missing ones are 0. */
export function unpackBlock(block: number, rows: readonly (readonly number[])[]): TaskInstance[] {
  return rows.map((row, index) => unpackInstance(block * INSTANCES_PER_BLOCK + index, row));
}

function packInstance(instance: TaskInstance): number[] {
  const row = [TASK_INSTANCE_STATES.indexOf(instance.state), ...FIELDS.map((field) => instance[field])];
  let length = row.length;
  while (length > 0 && row[length - 1] === 0) length--;
  return row.slice(0, length);
}

function unpackInstance(ord: number, row: readonly number[]): TaskInstance {
  const at = (index: number): number => row[index] ?? 0;
  return {
    ord,
    state: TASK_INSTANCE_STATES[at(0)] ?? "none",
    task: at(1),
    mapIndex: at(2),
    tryNumber: at(3),
    maxTries: at(4),
    nonce: at(5),
    seq: at(6),
    scheduledAt: at(7),
    queuedAt: at(8),
    startedAt: at(9),
    endedAt: at(10),
    dueAt: at(11),
    sends: at(12),
    losses: at(13),
    firstPokedAt: at(14),
    pokes: at(15),
    flags: at(16),
    elapsedMs: at(17),
    slotAsk: at(18),
    slotsHeld: at(19),
    slotUntil: at(20),
  };
}
