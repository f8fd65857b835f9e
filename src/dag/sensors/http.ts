/**
 * @module `httpSensor`: asks a URL until it answers as wanted (Airflow's `HttpSensor`). 404 means not yet; any other error status fails the sensor.
 */
import type { ConnectionId } from "../register.ts";
import type { Context } from "../context.ts";
import type { Done } from "./done.ts";
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflowException } from "../exceptions.ts";
import { connectionUrl } from "../http-connection.ts";
import { Fields, type Field } from "./fields.ts";
import { invalidDag } from "../invalid-dag.ts";
import { placeBuiltIn } from "./sensor.ts";
import { safeFetch } from "../safe-fetch.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export interface HttpSensorOptions extends SensorOptions {
  /** Below the connection's base URL; with `httpConnId: null` the whole URL. */
  readonly endpoint: Field<string>;
  /** Default `http_default`. */
  readonly httpConnId?: ConnectionId | "http_default" | null;
  /** Default `GET`. */
  readonly method?: string;
  /** The query of `GET` and `HEAD`; the JSON body of other methods. */
  readonly requestParams?: Field<Readonly<Record<string, unknown>>>;
  readonly headers?: Field<Readonly<Record<string, string>>>;
  /** False: not yet. `done(value)` ends the wait with a result. */
  readonly responseCheck?: (
    response: Response,
    ctx: Context,
  ) => boolean | Done<unknown> | Promise<boolean | Done<unknown>>;
  /** Statuses that mean "not yet"; default `[404]`. Give `[]` to let 404 fail, too. */
  readonly responseErrorCodesAllowlist?: readonly (number | `${number}`)[];
  /** False: `responseCheck` judges every status by itself. Airflow's `extra_options={"check_response": False}`. */
  readonly checkResponse?: boolean;
}

/**
 * Waits until the URL answers with success, and `responseCheck` agrees.
 * @example
 * httpSensor("api_ready", { httpConnId: null, endpoint: "https://api.example.com/health", responseCheck: async (response) => (await response.text()) === "ok" });
 */
export function httpSensor(id: string, options: HttpSensorOptions): TaskArg<unknown> {
  const {
    endpoint,
    httpConnId = "http_default",
    method = "GET",
    requestParams,
    headers,
    responseCheck,
    ...others
  } = options;
  const { responseErrorCodesAllowlist = [404], checkResponse = true, ...rest } = others;
  const place = { taskId: id };
  const verb = method.toUpperCase();
  if (!METHODS.includes(verb))
    throw invalidDag(place, `method ${JSON.stringify(method)} is unknown; use one of ${METHODS.join(", ")}`);
  const notYet = new Set(responseErrorCodesAllowlist.map(Number));
  return placeBuiltIn<unknown>({
    id,
    operatorName: "HttpSensor",
    options: rest,
    fields: new Fields(place, { endpoint, requestParams, headers }),
    poke: async (values, context) => {
      context.log.info(`Poking: ${verb} ${String(values["endpoint"])}`);
      const response = await asked(context, httpConnId, verb, values);
      if (checkResponse && !response.ok) {
        await response.body?.cancel();
        if (notYet.has(response.status)) return false;
        throw new AirflowException(`${response.status}: ${verb} ${String(values["endpoint"])} failed.`);
      }
      return responseCheck === undefined ? true : responseCheck(response, context);
    },
  });
}

async function asked(
  context: Context,
  connId: string | null,
  method: string,
  { endpoint, requestParams, headers }: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const target = await connectionUrl(context, connId, String(endpoint));
  const url = new URL(target.url);
  const params = recordOf(requestParams);
  const inQuery = method === "GET" || method === "HEAD";
  if (inQuery) for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value));
  const hasBody = !inQuery && Object.keys(params).length > 0;
  return safeFetch(context.env, url, {
    method,
    headers: {
      ...(hasBody ? { "content-type": "application/json" } : {}),
      ...target.headers,
      ...Object.fromEntries(Object.entries(recordOf(headers)).map(([name, value]) => [name, String(value)])),
    },
    ...(hasBody ? { body: JSON.stringify(params) } : {}),
    signal: context.signal,
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
