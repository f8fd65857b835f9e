/**
 * @module How a task's input is made: a plain tree that the serialized DAG carries and `runtime/` evaluates for one attempt.
 *
 * An authoring reference (`XComArg`, a param) becomes one of these at load. The engine reads only which tasks it names and, for mapping, how long it is.
 */
import type { GroupId, TaskId } from "./ids.ts";

export type ArgExpr =
  /** A literal, as `lib/codec` text (devalue), so that Date, Map, Set, bigint and bytes survive. */
  | { readonly kind: "literal"; readonly text: string; readonly length?: number | null }
  /**
   * XCom of an upstream task of this run. Of a mapped upstream: the list of its values by index, those without one left out;
   * inside one mapped group: the value of the own map index.
   */
  | { readonly kind: "xcom"; readonly taskId: TaskId; readonly key: string; readonly path: readonly string[] }
  | { readonly kind: "param"; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: "list"; readonly items: readonly ArgExpr[] }
  | { readonly kind: "object"; readonly entries: Readonly<Record<string, ArgExpr>> }
  /** Mapping only: element `i` is the tuple of the elements `i`; shortest ends it, or with `fill` the longest. */
  | { readonly kind: "zip"; readonly of: readonly ArgExpr[]; readonly fill?: ArgExpr }
  /** Mapping only: one list after the other. */
  | { readonly kind: "concat"; readonly of: readonly ArgExpr[] }
  /** Mapping only: each element through the author's function `fn` of the DAG (`map(fn)`); a skip exception in it skips that instance. */
  | { readonly kind: "map"; readonly of: ArgExpr; readonly fn: number }
  /** The element that the mapped group around this task is expanded with. */
  | { readonly kind: "group-element"; readonly groupId: GroupId; readonly name: string };

/** What a mapped task or group is expanded over. Product: first key varies slowest, as in Airflow. */
export type ExpandSpec =
  | { readonly kind: "product"; readonly over: Readonly<Record<string, ArgExpr>> }
  /** `expandKwargs`: each element is an object of inputs. */
  | { readonly kind: "kwargs"; readonly of: ArgExpr };

/** The key under which a producer reports the length of a value somebody maps over: `return_value`, or with the path behind it `return_value.items`. */
export function lengthKey(key: string, path: readonly string[]): string {
  return [key, ...path].join(".");
}
