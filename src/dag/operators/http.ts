/**
 * @module `http`: calls an HTTP endpoint (Airflow's `HttpOperator`, once `SimpleHttpOperator`).
 */
import type { ConnectionId } from "../register.ts";
import type { Context } from "../context.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflowException } from "../exceptions.ts";
import { connectionUrl } from "../http-connection.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { httpCall } from "../hooks/http-hook.ts";
import { type OperatorOptions, placeOperator, recordValue, textValue } from "./operator.ts";

export interface HttpOptions<O> extends OperatorOptions {
  /** Below the connection's base URL; with `httpConnId: null` the whole URL. */
  readonly endpoint: Field<string>;
  /** Default `http_default`. */
  readonly httpConnId?: ConnectionId | "http_default" | null;
  /** Default `POST`, as in Airflow. */
  readonly method?: Field<string>;
  /** With `GET` the query, else the body: a text as it is, an object as JSON. */
  readonly data?: Field<string | Readonly<Record<string, unknown>>>;
  readonly headers?: Field<Readonly<Record<string, string>>>;
  /** False fails the task. */
  readonly responseCheck?: (response: Response, ctx: Context) => boolean | Promise<boolean>;
  /** The task's result; default: the answer's text. */
  readonly responseFilter?: (response: Response, ctx: Context) => O | Promise<O>;
  /** Writes the answer's text to the log. */
  readonly logResponse?: boolean;
}

/**
 * Places the call. A status of 400 and above fails the task; the header `idempotency-key` is the same for each try.
 * @example
 * const order = http("create_order", { endpoint: "orders/{{ ds }}", data: { country: "{{ params.country }}" }, responseFilter: (response) => response.json() });
 */
export function http<O = string>(id: string, options: HttpOptions<O>): TaskArg<O> {
  const { endpoint, httpConnId = "http_default", method = "POST", data, headers, ...others } = options;
  const { responseCheck, responseFilter, logResponse = false, ...rest } = others;
  return placeOperator<O>({
    id,
    operatorName: "HttpOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { endpoint, method, data, headers }),
    execute: async (values, context) => {
      const response = await called(context, httpConnId, values);
      if (logResponse) context.log.info(await response.clone().text());
      if (responseCheck !== undefined && !(await responseCheck(response.clone(), context)))
        throw new AirflowException("The response check returned false.");
      // Without a filter the result is the text.
      return responseFilter === undefined ? ((await response.text()) as O) : responseFilter(response, context);
    },
  });
}

async function called(
  context: Context,
  connId: string | null,
  { endpoint, method, data, headers }: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const target = await connectionUrl(context, connId, textValue(endpoint));
  const url = new URL(target.url);
  const verb = textValue(method).toUpperCase();
  const isQuery = verb === "GET" || verb === "HEAD";
  if (isQuery)
    for (const [name, value] of Object.entries(recordValue(data))) url.searchParams.append(name, String(value));
  const own = Object.entries(recordValue(headers)).map(([name, value]) => [name, String(value)]);
  // The text as it was given: in a URL a secret may be encoded in parts, and would not be found.
  context.log.info(`Calling ${verb} ${textValue(endpoint)}`);
  return httpCall(context.env, url, {
    method: verb,
    headers: { "idempotency-key": context.ti.idempotencyKey, ...target.headers, ...Object.fromEntries(own) },
    ...(isQuery || data === undefined ? {} : typeof data === "string" ? { data } : { json: data }),
    signal: context.signal,
  });
}
