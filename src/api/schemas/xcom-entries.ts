/**
 * @module XComs on the wire.
 */
import {
  booleanIn,
  dateOut,
  intIn,
  nullableDate,
  nullableText,
  pageQuery,
  wireDate,
  wireDateOrNull,
} from "./wire-value.ts";
import * as z from "zod/mini";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { XComEntry } from "../../model/protocol.ts";

const xcomFields = {
  key: z.string(),
  timestamp: dateOut,
  logical_date: nullableDate,
  map_index: z.int(),
  task_id: z.string(),
  dag_id: z.string(),
  run_id: z.string(),
  dag_display_name: z.string(),
  task_display_name: z.string(),
  run_after: dateOut,
};

export const XComResponse = z.object(xcomFields);
export const XComResponseNative = z.object({ ...xcomFields, value: z.unknown() });
export const XComResponseString = z.object({ ...xcomFields, value: nullableText });
export const XComCollectionResponse = z.object({ xcom_entries: z.array(XComResponse), total_entries: z.int() });

const mapIndexIn = z._default(z.int().check(z.minimum(-1)), -1);

/** `value` may be null but must be there. */
const valueIn = z
  .unknown()
  .check(z.refine((value) => value !== undefined, { error: "Field required", params: { type: "missing" } }));

export const XComCreateBody = z.strictObject({
  key: z.string().check(z.minLength(1)),
  value: valueIn,
  map_index: mapIndexIn,
});
export const XComUpdateBody = z.strictObject({ value: valueIn, map_index: mapIndexIn });

const mapIndexText = z.optional(z.pipe(intIn, z.number().check(z.minimum(-1))));

export const xcomQuery = z.object({
  map_index: mapIndexText,
  deserialize: z.optional(booleanIn),
  stringify: z.optional(booleanIn),
});

export const xcomListQuery = z.object({
  ...pageQuery,
  xcom_key: z.optional(z.string()),
  map_index: mapIndexText,
  xcom_key_pattern: z.optional(z.string()),
});

export function xcomResponse(
  entry: XComEntry & { readonly writtenAt: number },
  head: DagRunHead,
  names: { readonly dag: string; readonly task: string },
): z.infer<typeof XComResponse> {
  return {
    key: entry.key,
    timestamp: wireDate(entry.writtenAt),
    logical_date: wireDateOrNull(head.logicalDate),
    map_index: entry.mapIndex,
    task_id: entry.taskId,
    dag_id: head.dagId,
    run_id: head.runId,
    dag_display_name: names.dag,
    task_display_name: names.task,
    run_after: wireDate(head.runAfter),
  };
}
