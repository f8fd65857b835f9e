/**
 * @module `s3Key`: waits for keys in a bucket (Airflow's `S3KeySensor`): any S3 endpoint by an `aws` connection, or R2 by one of type `r2`.
 */
import type { ConnectionId } from "../register.ts";
import type { Context } from "../context.ts";
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { Fields, type Field } from "./fields.ts";
import { type CheckFn, isKeyThere, type KeyMatch } from "./key-match.ts";
import { invalidDag, type Place } from "../invalid-dag.ts";
import { type ObjectSource, r2Source } from "../object-source.ts";
import { placeBuiltIn } from "./sensor.ts";
import { S3Hook } from "../hooks/s3-hook.ts";
import { AirflowFailException } from "../exceptions.ts";

export interface S3KeyOptions extends SensorOptions {
  /** Left out when the keys are whole `s3://bucket/key` URLs. Over a connection of type `r2`: the name of the binding. */
  readonly bucketName?: Field<string>;
  /** One key or several, all of which must be there. */
  readonly bucketKey: Field<string> | Field<readonly string[]>;
  /** The keys are shell patterns, in which `*` also crosses `/`. */
  readonly wildcardMatch?: boolean;
  /** The keys are regular expressions, tried from the start of every key of the bucket. */
  readonly useRegex?: boolean;
  /** Decides about what was found, all pages of it. */
  readonly checkFn?: CheckFn;
  /** Default `aws_default`. */
  readonly awsConnId?: ConnectionId | "aws_default";
}

/**
 * Waits until the keys are there.
 * @example
 * const listed = s3Key("wait_for_s3", { bucketName: "my-bucket", bucketKey: "data/customers/*.csv", wildcardMatch: true, timeout: "1h" });
 */
export function s3Key(id: string, options: S3KeyOptions): TaskArg<void> {
  const {
    bucketName,
    bucketKey,
    wildcardMatch = false,
    useRegex = false,
    checkFn,
    awsConnId = "aws_default",
    ...rest
  } = options;
  const place = { taskId: id };
  assertKeys(place, bucketName, bucketKey);
  const match = keyMatch(place, { wildcardMatch, useRegex, checkFn }, bucketKey);
  return placeBuiltIn({
    id,
    operatorName: "S3KeySensor",
    options: rest,
    fields: new Fields(place, { bucketName, bucketKey }),
    poke: async (values, context) => {
      for (const key of keysOf(values["bucketKey"])) {
        const { bucket, path } = locate(values["bucketName"], key);
        // The keys after one that is missing need not be asked for.
        // oxlint-disable-next-line no-await-in-loop
        if (!(await isKeyThere(await sourceOf(context, awsConnId, bucket), path, match, context))) return false;
      }
      return true;
    },
  });
}

/** How keys are compared. Throws `invalid_dag` for options that do not go together and for a regular expression that is none. */
export function keyMatch(
  place: Place,
  given: { readonly wildcardMatch: boolean; readonly useRegex: boolean; readonly checkFn: CheckFn | undefined },
  keys: unknown,
): KeyMatch {
  const { wildcardMatch, useRegex, checkFn } = given;
  if (wildcardMatch && useRegex)
    throw invalidDag(place, "wildcardMatch and useRegex exclude each other; give one of them");
  if (useRegex && Fields.isLiteral(keys)) for (const key of keysOf(keys)) assertRegExp(place, key);
  return { how: wildcardMatch ? "wildcard" : useRegex ? "regex" : "exact", checkFn };
}

/** One key or a list of them. */
export function keysOf(value: unknown): readonly string[] {
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = keys.filter((key) => typeof key === "string" && key !== "");
  if (texts.length === keys.length && keys.length > 0) return texts as string[];
  throw new AirflowFailException(`A key to wait for must be a text or a list of texts, not ${JSON.stringify(value)}.`);
}

function assertKeys(place: Place, bucketName: unknown, bucketKey: unknown): void {
  if (bucketKey === undefined || (Array.isArray(bucketKey) && bucketKey.length === 0))
    throw invalidDag(place, "it has no bucketKey; give a key, a list of keys, or an s3:// URL");
  if (!Fields.isLiteral(bucketKey)) return;
  for (const key of [bucketKey].flat()) {
    if (bucketName === undefined && !isUrl(key))
      throw invalidDag(
        place,
        `bucketKey ${JSON.stringify(key)} names no bucket; give bucketName, or the whole URL s3://bucket/${key}`,
      );
    if (bucketName !== undefined && isUrl(key))
      throw invalidDag(place, `bucketKey ${JSON.stringify(key)} is a whole URL, so bucketName must be left out`);
  }
}

/** Bucket and path of a key, by Airflow's rules. */
function locate(bucketName: unknown, key: string): { readonly bucket: string; readonly path: string } {
  const url = /^[a-z][a-z\d+.-]*:\/\/([^/]+)\/(.*)$/i.exec(key);
  if (typeof bucketName === "string") {
    if (isUrl(key))
      throw new AirflowFailException(`bucketName ${bucketName} is given, but bucketKey ${key} is a whole URL.`);
    return { bucket: bucketName, path: key };
  }
  if (url === null)
    throw new AirflowFailException(`bucketKey ${key} names no bucket; write s3://bucket/key, or give bucketName.`);
  return { bucket: url[1] ?? "", path: url[2] ?? "" };
}

function isUrl(key: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(key);
}

function assertRegExp(place: Place, key: string): void {
  try {
    RegExp(`^(?:${key})`);
  } catch (thrown) {
    throw invalidDag(place, `bucketKey ${JSON.stringify(key)} is no regular expression: ${String(thrown)}`);
  }
}

async function sourceOf(context: Context, connId: string, bucket: string): Promise<ObjectSource> {
  // Without a registered connection of that name it is Airflow's default all the same.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const connection = await context.connections.get(connId as ConnectionId);
  if (connection.connType === "r2") return r2Source(context, bucket);
  const hook = new S3Hook(connection, context.env);
  return {
    name: `s3://${bucket}`,
    head: (key) => hook.headObject(key, bucket),
    list: (prefix) => hook.listObjects({ prefix }, bucket),
  };
}
