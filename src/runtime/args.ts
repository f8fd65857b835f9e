/**
 * @module Makes an attempt's input from its argument trees (`model/arg-expr.ts`): literals, upstream XComs, params, and for mapped instances the element
 * at the own indexes. Elements are found without making the whole list: a thousand instances of one list stay linear.
 */
import { decode } from "../lib/codec.ts";
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { AirflareError } from "../model/error.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import { RETURN_KEY } from "../model/xcom.ts";
import { mappedGroupOf } from "./spec-index.ts";
import { isRecord, mappableElement, mappableLength, pickPath } from "./value-path.ts";
import { ownCopy, type XComReader } from "./xcoms.ts";

/** Where the values of one attempt come from. */
export interface ArgScope {
  readonly head: Pick<DagRunHead, "params">;
  readonly order: Pick<AttemptOrder, "taskId" | "mapIndex" | "args" | "mapped" | "upstreamStates">;
  readonly dag: Pick<ExecutableDag, "spec" | "mapFunctions">;
  readonly xcoms: XComReader;
}

type XComExpr = Extract<ArgExpr, { kind: "xcom" }>;
type Indexes = Readonly<Record<string, number>>;

/** Decoded literals that many instances take one element of. */
const literals = new WeakMap<ArgExpr, unknown>();

/** The task's input. A skip exception of a map function goes through to the caller, like any other error of the author's code. */
export async function evaluateInput(scope: ArgScope): Promise<Readonly<Record<string, unknown>>> {
  const input = await objectValue(scope.order.args, scope);
  const { mapped } = scope.order;
  if (mapped !== null && mapped.groupId === null)
    Object.assign(input, await expanded(mapped.expand, mapped.indexes, scope));
  return input;
}

async function objectValue(
  entries: Readonly<Record<string, ArgExpr>>,
  scope: ArgScope,
): Promise<Record<string, unknown>> {
  const object: Record<string, unknown> = {};
  for (const [name, expr] of Object.entries(entries)) {
    object[name] = expr.kind === "literal" ? decode(expr.text) : await valueOf(expr, scope);
  }
  return object;
}

/** The inputs that an instance of a mapped task or group gets by its indexes. */
async function expanded(expand: ExpandSpec, indexes: Indexes, scope: ArgScope): Promise<Record<string, unknown>> {
  if (expand.kind === "product") {
    const inputs: Record<string, unknown> = {};
    for (const [name, expr] of Object.entries(expand.over))
      inputs[name] = await elementOf(expr, indexes[name] ?? 0, scope);
    return inputs;
  }
  const inputs = await elementOf(expand.of, scope.order.mapIndex, scope);
  if (inputs instanceof Map) return Object.fromEntries(inputs);
  if (isRecord(inputs)) return { ...inputs };
  throw new AirflareError(
    "value_not_mappable",
    `Task ${scope.order.taskId}[${scope.order.mapIndex}]: expandKwargs needs an object of inputs for each instance, this element is none.`,
  );
}

/** A value in whole. */
async function valueOf(expr: ArgExpr, scope: ArgScope): Promise<unknown> {
  switch (expr.kind) {
    case "literal":
      return decode(expr.text);
    case "xcom":
      return xcomValue(expr, scope);
    case "param":
      return ownCopy(pickPath(scope.head.params[expr.name], expr.path));
    case "list":
      return Promise.all(expr.items.map((item) => valueOf(item, scope)));
    case "object":
      return objectValue(expr.entries, scope);
    case "group-element":
      return groupElement(expr.groupId, expr.name, scope);
    case "zip":
    case "concat":
    case "map":
      break;
  }
  const items: unknown[] = [];
  const length = await lengthOf(expr, scope);
  // One after the other: map functions are the author's, as in a plain loop.
  for (let index = 0; index < length; index++) items.push(await elementOf(expr, index, scope));
  return items;
}

async function xcomValue(expr: XComExpr, scope: ArgScope): Promise<unknown> {
  const { xcoms, order } = scope;
  const ownIndex = seenByOwnIndex(expr, scope);
  if (xcoms.isMapped(expr.taskId) && !ownIndex) {
    const entries = await xcoms.ofUpstream(expr.taskId, expr.key);
    return Promise.all(entries.map((entry) => xcoms.load(entry.value, expr.path)));
  }
  const [entry] = await xcoms.ofUpstream(expr.taskId, expr.key, ownIndex ? order.mapIndex : undefined);
  if (entry !== undefined) return xcoms.load(entry.value, expr.path);
  // A task that returned nothing gives undefined; a key that a successful task was to push and did not is an error, as in Airflow.
  if (expr.key !== RETURN_KEY && order.upstreamStates?.[expr.taskId] === "success") {
    throw new AirflareError(
      "xcom_not_found",
      `Task ${order.taskId} needs XCom ${expr.key} of ${expr.taskId}, which succeeded without pushing it. Push it with ctx.ti.xcomPush("${expr.key}", ...).`,
    );
  }
  return undefined;
}

/** Both tasks run inside the same mapped group. */
function seenByOwnIndex(expr: XComExpr, scope: ArgScope): boolean {
  const groupId = scope.order.mapped?.groupId ?? null;
  return groupId !== null && mappedGroupOf(scope.dag.spec, expr.taskId) === groupId;
}

async function groupElement(groupId: string, name: string, scope: ArgScope): Promise<unknown> {
  const { mapped, taskId } = scope.order;
  if (mapped === null || mapped.groupId !== groupId) {
    throw new AirflareError(
      "value_not_mappable",
      `Task ${taskId} uses ${name} of the mapped group ${groupId} but is no instance of it.`,
    );
  }
  if (mapped.expand.kind === "kwargs") return (await expanded(mapped.expand, mapped.indexes, scope))[name];
  const expr = mapped.expand.over[name];
  return expr === undefined ? undefined : elementOf(expr, mapped.indexes[name] ?? 0, scope);
}

/** Element `index` of what is mapped over. */
async function elementOf(expr: ArgExpr, index: number, scope: ArgScope): Promise<unknown> {
  switch (expr.kind) {
    case "list": {
      const item = expr.items[index];
      return item === undefined ? undefined : valueOf(item, scope);
    }
    case "object": {
      const entry = Object.entries(expr.entries)[index];
      return entry === undefined ? undefined : [entry[0], await valueOf(entry[1], scope)];
    }
    case "zip":
      return Promise.all(expr.of.map((part) => zipElement(part, expr.fill, index, scope)));
    case "concat":
      return concatElement(expr.of, index, scope);
    case "map": {
      const fn = scope.dag.mapFunctions[expr.fn];
      if (fn !== undefined) return fn(await elementOf(expr.of, index, scope));
      throw new AirflareError(
        "handler_missing",
        `Task ${scope.order.taskId}: the deployed code has no map function number ${expr.fn}; the run was made with another version. Clear the run on the latest version.`,
      );
    }
    case "xcom": {
      if (!scope.xcoms.isMapped(expr.taskId) || seenByOwnIndex(expr, scope)) break;
      const entry = (await scope.xcoms.ofUpstream(expr.taskId, expr.key))[index];
      return entry === undefined ? undefined : scope.xcoms.load(entry.value, expr.path);
    }
    case "literal":
    case "param":
    case "group-element":
      break;
  }
  return ownCopy(mappableElement(await sharedValue(expr, scope), index));
}

async function zipElement(part: ArgExpr, fill: ArgExpr | undefined, index: number, scope: ArgScope): Promise<unknown> {
  if (fill !== undefined && index >= (await lengthOf(part, scope))) return valueOf(fill, scope);
  return elementOf(part, index, scope);
}

async function concatElement(parts: readonly ArgExpr[], index: number, scope: ArgScope): Promise<unknown> {
  let rest = index;
  for (const part of parts) {
    const length = await lengthOf(part, scope);
    if (rest < length) return elementOf(part, rest, scope);
    rest -= length;
  }
  return undefined;
}

async function lengthOf(expr: ArgExpr, scope: ArgScope): Promise<number> {
  switch (expr.kind) {
    case "list":
      return expr.items.length;
    case "object":
      return Object.keys(expr.entries).length;
    case "map":
      return lengthOf(expr.of, scope);
    case "zip": {
      const lengths = await Promise.all(expr.of.map((part) => lengthOf(part, scope)));
      if (lengths.length === 0) return 0;
      return expr.fill === undefined ? Math.min(...lengths) : Math.max(...lengths);
    }
    case "concat": {
      const lengths = await Promise.all(expr.of.map((part) => lengthOf(part, scope)));
      return lengths.reduce((sum, length) => sum + length, 0);
    }
    case "xcom":
      if (scope.xcoms.isMapped(expr.taskId) && !seenByOwnIndex(expr, scope)) {
        return (await scope.xcoms.ofUpstream(expr.taskId, expr.key)).length;
      }
      break;
    case "literal":
    case "param":
    case "group-element":
      break;
  }
  const length = mappableLength(await sharedValue(expr, scope));
  if (length !== null) return length;
  throw new AirflareError(
    "value_not_mappable",
    `Task ${scope.order.taskId} maps over a value that is neither a list nor an object.`,
  );
}

/** A value that is looked into, not handed out: decoded once for all instances. */
async function sharedValue(expr: ArgExpr, scope: ArgScope): Promise<unknown> {
  if (expr.kind === "param") return pickPath(scope.head.params[expr.name], expr.path);
  if (expr.kind === "literal") {
    if (!literals.has(expr)) literals.set(expr, decode(expr.text));
    return literals.get(expr);
  }
  if (expr.kind !== "xcom") return valueOf(expr, scope);
  const [entry] = await scope.xcoms.ofUpstream(
    expr.taskId,
    expr.key,
    seenByOwnIndex(expr, scope) ? scope.order.mapIndex : undefined,
  );
  return entry === undefined ? undefined : pickPath(await scope.xcoms.shared(entry.value), expr.path);
}
