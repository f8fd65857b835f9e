/**
 * @module `callWorker`: calls another Worker by a service binding, also one that runs a container: no network between, no public address.
 */
import type { Context } from "../context.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflowException } from "../exceptions.ts";
import { bindingOf } from "../hooks/binding.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { type OperatorOptions, placeOperator, recordValue, textValue } from "./operator.ts";

/** A service binding, or the namespace of a Durable Object (a container is one), of which the instance is asked. */
interface Service {
  fetch(url: string, init: object): Promise<Response>;
}
interface Instances {
  getByName(name: string): Service;
}

export interface CallWorkerOptions<O> extends OperatorOptions {
  /** Name of the binding. */
  readonly binding: string;
  /** With the binding of a container or another Durable Object: which instance. */
  readonly instance?: Field<string>;
  /** Default `/`. */
  readonly path?: Field<string>;
  /** Default: `POST` with `json`, else `GET`. */
  readonly method?: string;
  readonly json?: Field<unknown>;
  readonly headers?: Field<Readonly<Record<string, string>>>;
  /** The task's result; default: the answer's text. */
  readonly responseFilter?: (response: Response, ctx: Context) => O | Promise<O>;
}

/**
 * Places the call. A status of 400 and above fails the task; the header `idempotency-key` is the same for each try.
 * @example
 * callWorker("resize", { binding: "IMAGES", path: "/resize", json: { key: "in/{{ ds }}.png" } });
 */
export function callWorker<O = string>(id: string, options: CallWorkerOptions<O>): TaskArg<O> {
  const { binding, instance, path = "/", method, json, headers, responseFilter, ...rest } = options;
  return placeOperator<O>({
    id,
    operatorName: instance === undefined ? "ServiceBindingOperator" : "ContainerOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { instance, path, json, headers }),
    execute: async (values, context) => {
      const own = Object.entries(recordValue(values["headers"])).map(([name, value]) => [name, String(value)]);
      const hasBody = values["json"] !== undefined;
      const response = await serviceOf(context, binding, values["instance"]).fetch(
        `https://${binding.toLowerCase().replaceAll("_", "-")}${textValue(values["path"])}`,
        {
          method: method ?? (hasBody ? "POST" : "GET"),
          headers: {
            "idempotency-key": context.ti.idempotencyKey,
            ...(hasBody ? { "content-type": "application/json" } : {}),
            ...Object.fromEntries(own),
          },
          ...(hasBody ? { body: JSON.stringify(values["json"]) } : {}),
          signal: context.signal,
        },
      );
      if (response.status >= 400)
        throw new AirflowException(`${binding} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
      // Without a filter the result is the text.
      return responseFilter === undefined ? ((await response.text()) as O) : responseFilter(response, context);
    },
  });
}

function serviceOf({ env }: Context, binding: string, instance: unknown): Service {
  if (instance === undefined) return bindingOf(env, binding, "service", ["fetch"]) as Service;
  const instances = bindingOf(env, binding, "Durable Object", ["getByName"]) as Instances;
  return instances.getByName(textValue(instance));
}
