/**
 * @module `fileSensor`: waits for a file or directory (Airflow's `FileSensor`). A Worker has no disk: the connection says which bucket or web server stands for it.
 *
 * Connection types: `r2` or `fs` (host or extra `bucket` = the R2 binding, default `LAKE`; extra `path` = base), `http` (base URL). Without a connection
 * `fs_default` it is the bucket `LAKE` from its top, as Airflow ships `fs_default` with the path `/`.
 */
import type { ConnectionId } from "../register.ts";
import type { ConnectionInfo, Context } from "../context.ts";
import type { ObjectSource } from "../object-source.ts";
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflareError } from "../../model/error.ts";
import { AirflowException } from "../exceptions.ts";
import { Fields, type Field } from "./fields.ts";
import { globRegExp, hasMagic, literalPrefix } from "../../lib/shell-pattern.ts";
import { httpTarget } from "../http-connection.ts";
import { invalidDag } from "../invalid-dag.ts";
import { placeBuiltIn } from "./sensor.ts";
import { projectConfig } from "../config.ts";
import { r2Source } from "../object-source.ts";
import { safeFetch } from "../safe-fetch.ts";

const DEFAULT_CONNECTION = "fs_default";
const DEFAULT_BUCKET = "LAKE";
const KINDS = ["fs", "r2", "http", "https"];

export interface FileSensorOptions extends SensorOptions {
  /** Relative to the connection's base path, unless it begins with `/`. May be a glob, whose `*` stops at `/`. */
  readonly filepath: Field<string>;
  /** Default `fs_default`. */
  readonly fsConnId?: ConnectionId | "fs_default";
  /** `**` in the path is any directories. */
  readonly recursive?: boolean;
}

/**
 * Waits until the file is there; of a directory, until some file is below it.
 * @example
 * const file = fileSensor("wait_for_file", { filepath: "/data/input/customers.csv", pokeInterval: "60s", timeout: "1h" });
 */
export function fileSensor(id: string, options: FileSensorOptions): TaskArg<void> {
  const { filepath, fsConnId = DEFAULT_CONNECTION, recursive = false, ...rest } = options;
  const place = { taskId: id };
  if (filepath === undefined || filepath === "") throw invalidDag(place, "it has no filepath");
  const kind = projectConfig().connections?.[fsConnId];
  if (kind !== undefined && !KINDS.includes(kind))
    throw invalidDag(
      place,
      `connection ${fsConnId} is declared as ${kind}; a fileSensor needs one of ${KINDS.join(", ")}`,
    );
  return placeBuiltIn({
    id,
    operatorName: "FileSensor",
    options: rest,
    fields: new Fields(place, { filepath }),
    poke: async ({ filepath: given }, context) => {
      const connection = await connectionOf(context, fsConnId);
      const path = String(given);
      if (connection?.connType === "http" || connection?.connType === "https")
        return isOnWeb(context, connection, path);
      const binding = connection?.host ?? textOf(connection, "bucket") ?? DEFAULT_BUCKET;
      return isInBucket(
        r2Source(context, binding),
        joined(textOf(connection, "path") ?? "/", path),
        recursive,
        context,
      );
    },
  });
}

/** Null: nobody has defined the default connection. */
async function connectionOf(context: Context, id: ConnectionId | "fs_default"): Promise<ConnectionInfo | null> {
  let connection: ConnectionInfo;
  try {
    // The default need not be among the project's names.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    connection = await context.connections.get(id as ConnectionId);
  } catch (thrown) {
    const isMissing = thrown instanceof Error && "code" in thrown && thrown.code === "connection_not_found";
    if (id === DEFAULT_CONNECTION && isMissing) return null;
    throw thrown;
  }
  if (KINDS.includes(connection.connType)) return connection;
  throw new AirflareError(
    "wrong_connection_type",
    `Connection ${connection.id} is of type ${connection.connType}; a fileSensor needs one of ${KINDS.join(", ")}.`,
  );
}

/** As Python joins paths: an absolute one replaces the base. Keys have no leading slash. */
function joined(base: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${base.replace(/\/$/, "")}/${path}`;
  return whole.replaceAll(/\/{2,}/g, "/").replace(/^\//, "");
}

async function isInBucket(source: ObjectSource, path: string, recursive: boolean, context: Context): Promise<boolean> {
  context.log.info(`Poking for file ${source.name}/${path}`);
  if (!hasMagic(path) && !path.endsWith("/") && path !== "") {
    const file = await source.head(path);
    if (file !== null) return true;
  }
  const pattern = path === "" ? /^/ : globRegExp(path, recursive);
  // A path without a pattern can still be a directory: then something lies below it.
  const prefix = hasMagic(path) || path === "" ? literalPrefix(path) : `${path.replace(/\/$/, "")}/`;
  for await (const { key } of source.list(prefix)) if (!key.endsWith("/") && pattern.test(key)) return true;
  return false;
}

async function isOnWeb(context: Context, connection: ConnectionInfo, path: string): Promise<boolean> {
  if (hasMagic(path))
    throw new AirflareError(
      "invalid_request",
      `Task ${context.ti.taskId} waits for the pattern ${path} over connection ${connection.id}: a web server cannot be listed; wait for one path, or use a bucket.`,
    );
  const { url, headers } = httpTarget(connection, path);
  context.log.info(`Poking for file ${new URL(url).pathname} of ${connection.id}`);
  const response = await safeFetch(context.env, url, { method: "HEAD", headers, signal: context.signal });
  await response.body?.cancel();
  if (response.ok) return true;
  if (response.status === 404 || response.status === 410) return false;
  throw new AirflowException(`HEAD ${path} over connection ${connection.id} answered ${response.status}.`);
}

function textOf(connection: ConnectionInfo | null, name: string): string | undefined {
  const value = connection?.extra[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
