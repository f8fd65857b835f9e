/**
 * @module The Nth call around one run fails: every call that reaches or leaves the run's object is a point at which a planned fault may strike.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { DagObject } from "../../../src/cloudflare/dag/dag-object.ts";
import { DagRunObject } from "../../../src/cloudflare/dag-run/dag-run-object.ts";
import { RunHost } from "../../../src/cloudflare/dag-run/host.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import { scaledLeases } from "../../../src/model/event.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { workerEnv } from "../../support/worker-runs.ts";

/**
 * `refused`: the call has no effect and throws. `reply-lost`: it has its effect and throws. `aborted`: the run's object is gone before the call has an
 * effect; `aborted-after`: directly after it.
 */
export type Fault = "refused" | "reply-lost" | "aborted" | "aborted-after";

export interface Plan {
  readonly fault: Fault | null;
  /** Which call is hit: by its number, or the first of a name. */
  readonly at: number | string;
  /** Names of the calls in order. */
  readonly calls: string[];
  /** The call that was hit. */
  hit: string;
}

type Method = (...args: unknown[]) => Promise<unknown>;
/** What a call tells about itself; `state` when it is made by the run's object, or reaches it. */
interface Point {
  /** `dag/run`. */
  readonly run: string;
  readonly what: string;
  readonly state?: DurableObjectState | undefined;
}

const plans = new Map<string, Plan>();
/** The life at hand of each run's object. */
const lives = new Map<string, DurableObjectState>();

/** Only planned runs are counted. */
export function planFault(run: string, fault: Fault | null, at: number | string): Plan {
  const plan = { fault, at, calls: [], hit: "" };
  plans.set(run, plan);
  return plan;
}

/** What the test itself reads is no longer hit. */
export function endPlan(run: string): void {
  plans.delete(run);
}

/** From now on every call of objects, queue, R2 and D1 passes here; all leases are scaled. */
export function standOnAllCalls(leaseScale: number): void {
  const realLive = Reflect.get(RunHost.prototype, "live");
  RunHost.prototype.live = function live(this: RunHost) {
    Object.defineProperty(this, "leases", { value: scaledLeases(leaseScale), configurable: true });
    return realLive.call(this);
  };
  for (const method of ["create", "claim", "report", "heartbeat", "once", "readXComs", "command", "alarm"] as const)
    wrap(DagRunObject.prototype, method, ({ ctx }) => {
      const run = ctx?.id.name ?? "";
      if (ctx !== undefined) lives.set(run, ctx);
      return { run, what: `DAG_RUN.${method}`, state: ctx };
    });
  wrap(DagObject.prototype, "pushRunState", (_, push) => ({ run: runIn(push, "head"), what: "DAG.pushRunState" }));
  wrap(HistoryWriter.prototype, "write", (_, rows) => ({ run: runIn(rows, "runs", 0), what: "DB.batch" }));
  wrap(Object.getPrototypeOf(workerEnv.TASK_QUEUE), "sendBatch", (_, messages) => {
    const run = runIn(messages, 0, "body");
    return { run, what: "TASK_QUEUE.sendBatch", state: lives.get(run) };
  });
  for (const method of ["put", "get"] as const)
    wrap(Object.getPrototypeOf(workerEnv.OBJECTS), method, (_, key) => ({
      run: String(key).split("/").slice(1, 3).join("/"),
      what: `OBJECTS.${method}`,
    }));
}

/** Lets the alarm go off now, whatever it is set to; false when none is set. */
export async function ringAlarm(run: string): Promise<boolean> {
  return runDurableObjectAlarm(stubOf(run));
}

export function stubOf(run: string): DurableObjectStub {
  const stub: unknown = workerEnv.DAG_RUN.getByName(run);
  return stub as DurableObjectStub;
}

function wrap(
  prototype: object,
  method: string,
  pointOf: (self: { readonly ctx?: DurableObjectState }, ...args: unknown[]) => Point,
): void {
  const real = Reflect.get(prototype, method) as Method;
  Object.defineProperty(prototype, method, {
    configurable: true,
    writable: true,
    value(this: object, ...args: unknown[]) {
      return throughFault(pointOf(this, ...args), () => Reflect.apply(real, this, args));
    },
  });
}

async function throughFault(point: Point, work: () => Promise<unknown>): Promise<unknown> {
  const plan = plans.get(point.run);
  plan?.calls.push(point.what);
  if (plan === undefined || plan.fault === null || plan.hit !== "") return work();
  if (plan.at !== plan.calls.length && plan.at !== point.what) return work();
  plan.hit = point.what;
  if (plan.fault === "aborted") await abort(point);
  if (plan.fault === "aborted" || plan.fault === "refused") throw lost(point);
  const answer = await work();
  if (plan.fault === "reply-lost") throw lost(point);
  await abort(point);
  return answer;
}

/** Ends the object's instance and what it has not stored yet. From outside through a call of its own. */
async function abort({ run, state }: Point): Promise<void> {
  const reason = "the test ends this instance";
  if (state === undefined)
    await runInDurableObject(stubOf(run), (_, inside) => inside.abort(reason)).catch(() => undefined);
  else state.abort(reason);
}

function lost({ what }: Point): Error {
  return Object.assign(new Error(`${what}: Network connection lost.`), { retryable: true, durableObjectReset: true });
}

/** The run that a value names, some steps down: `dagId`/`runId` of a message or a head, `dag_id`/`run_id` of a row. */
function runIn(value: unknown, ...steps: readonly (string | number)[]): string {
  let at = value;
  for (const step of steps) at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  if (typeof at !== "object" || at === null) return "";
  const named = at as { dagId?: string; runId?: string; dag_id?: string; run_id?: string };
  return dagRunObjectName(named.dagId ?? named.dag_id ?? "", named.runId ?? named.run_id ?? "");
}
