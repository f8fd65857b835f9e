/**
 * @module `workflow`: starts an instance of a Cloudflare Workflow that is bound to the Worker, and waits for its end without holding a worker. For work that is longer
 * than an attempt may be.
 */
import type { TaskArg } from "../xcom-arg.ts";
import { AirflowException } from "../exceptions.ts";
import { bindingOf } from "../hooks/binding.ts";
import { done } from "../sensors/done.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { placeBuiltIn, type SensorOptions } from "../sensors/sensor.ts";

interface Instance {
  status(): Promise<{ readonly status: string; readonly output?: unknown; readonly error?: unknown }>;
}

/** The part of a Workflow binding that is used. */
interface Workflow {
  create(options: { readonly id: string; readonly params?: unknown }): Promise<Instance>;
  get(id: string): Promise<Instance>;
}

/** Status of an instance that has ended without success. */
const FAILED: ReadonlySet<string> = new Set(["errored", "terminated"]);
/** The platform's limit of an instance's id. */
const ID_LENGTH_MAX = 100;

export interface WorkflowOptions extends SensorOptions {
  /** Name of the binding. */
  readonly binding: string;
  /** The event's payload. */
  readonly params?: Field<unknown>;
}

/**
 * Places the workflow. The instance's id is made from the task instance and its try, so an attempt that is repeated finds the one it has started. Its output is the task's
 * result; an instance that fails, fails the attempt, and a
 * retry starts another one. Options are a sensor's: how often to look (default 60 s), and the `timeout`.
 * @example
 * const trained = workflow("train", { binding: "TRAINING", params: { day: "{{ ds }}" }, timeout: "6h" });
 */
export function workflow<O = unknown>(id: string, options: WorkflowOptions): TaskArg<O> {
  const { binding, params, ...rest } = options;
  return placeBuiltIn<O>({
    id,
    operatorName: "WorkflowOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { params }),
    poke: async (values, context) => {
      const instances = bindingOf(context.env, binding, "Workflow", ["create", "get"]) as Workflow;
      const instanceId = await idOf(`${context.ti.dagId}/${context.ti.idempotencyKey}/${context.ti.tryNumber}`);
      const instance = await startedOnce(instances, instanceId, values["params"]);
      const { status, output, error } = await instance.status();
      context.log.info(`Instance ${instanceId} of ${binding} is ${status}`);
      if (FAILED.has(status))
        throw new AirflowException(`The workflow ${binding} ended as ${status}: ${reason(error)}`);
      return status === "complete" ? done(output) : false;
    },
  });
}

async function startedOnce(instances: Workflow, id: string, params: unknown): Promise<Instance> {
  try {
    return await instances.get(id);
  } catch {
    // The platform has no error of its own for "there is none": the creation says what is wrong otherwise.
    return instances.create({ id, ...(params === undefined ? {} : { params }) });
  }
}

async function idOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const hash = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${text.replaceAll(/[^\w-]+/g, "-").slice(0, ID_LENGTH_MAX - hash.length - 1)}-${hash}`;
}

function reason(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return typeof error === "string" ? error : "no reason given";
}
