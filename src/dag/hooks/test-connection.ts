/**
 * @module Trying a connection out (Airflow's "test connection"): the smallest call that shows that host and credentials are right.
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import { D1Hook } from "./d1-hook.ts";
import { HttpHook } from "./http-hook.ts";
import { PostgresHook } from "./postgres-hook.ts";
import { R2Hook } from "./r2-hook.ts";
import { S3Hook } from "./s3-hook.ts";

type Trial = (connection: ConnectionInfo, env: Env) => Promise<string>;

const postgres: Trial = async (connection, env) => {
  await using hook = new PostgresHook(connection, env);
  await hook.getFirst("SELECT 1 AS one");
  return "Connection successfully tested";
};
const http: Trial = async (connection, env) => {
  const { status } = await new HttpHook(connection, env).run("");
  return `Connection successfully tested (status ${status})`;
};
const s3: Trial = async (connection, env) => {
  for await (const _ of new S3Hook(connection, env).listObjects()) break;
  return "Connection successfully tested";
};

const TRIALS: Readonly<Record<string, Trial>> = {
  postgres,
  postgresql: postgres,
  hyperdrive: postgres,
  http,
  https: http,
  aws: s3,
  s3,
  d1: async (connection, env) => {
    await new D1Hook(connection, env).getFirst("SELECT 1 AS one");
    return "Connection successfully tested";
  },
  r2: async (connection, env) => {
    await new R2Hook(connection, env).checkForKey("airflare-connection-test");
    return "Connection successfully tested";
  },
};

/** What came of it; nothing is thrown. */
export async function testConnection(
  connection: ConnectionInfo,
  env: Env,
): Promise<{ readonly status: boolean; readonly message: string }> {
  const { connType } = connection;
  const trial = Object.hasOwn(TRIALS, connType) ? TRIALS[connType] : undefined;
  if (trial === undefined) {
    const known = Object.keys(TRIALS).join(", ");
    return { status: false, message: `Connections of type ${connType} cannot be tested; these can: ${known}` };
  }
  try {
    return { status: true, message: await trial(connection, env) };
  } catch (error) {
    return { status: false, message: error instanceof Error ? error.message : String(error) };
  }
}
