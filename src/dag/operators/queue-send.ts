/**
 * @module `queueSend`: sends messages to a Cloudflare Queue that is bound to the Worker (as Airflow's `SqsPublishOperator` does to SQS).
 */
import type { TaskArg } from "../xcom-arg.ts";
import { bindingOf } from "../hooks/binding.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { type OperatorOptions, placeOperator } from "./operator.ts";

/** The part of a queue binding that is used. */
interface Queue {
  sendBatch(messages: readonly object[]): Promise<unknown>;
}

/** The platform's limit of one batch. */
const BATCH_MAX = 100;

export interface QueueSendOptions extends OperatorOptions {
  /** Name of the binding. */
  readonly queue: string;
  /** One message; a list is several. */
  readonly messages: Field<unknown>;
  readonly delaySeconds?: number;
}

/**
 * Places the send. Its result is how many messages were sent. A retry may send again: put `{{ ti.dag_id }}/{{ run_id }}` into the message where that matters.
 * @example
 * queueSend("notify", { queue: "ORDERS_QUEUE", messages: { day: "{{ ds }}" } });
 */
export function queueSend(id: string, options: QueueSendOptions): TaskArg<number> {
  const { queue, messages, delaySeconds, ...rest } = options;
  return placeOperator({
    id,
    operatorName: "QueueSendOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { messages }),
    execute: async (values, context) => {
      const binding = bindingOf(context.env, queue, "queue", ["sendBatch"]) as Queue;
      const bodies: readonly unknown[] = [values["messages"]].flat();
      for (let at = 0; at < bodies.length; at += BATCH_MAX) {
        const delay = delaySeconds === undefined ? {} : { delaySeconds };
        const batch = bodies.slice(at, at + BATCH_MAX).map((body) => ({ body, contentType: "json", ...delay }));
        await binding.sendBatch(batch);
      }
      return bodies.length;
    },
  });
}
