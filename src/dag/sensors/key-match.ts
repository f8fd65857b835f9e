/**
 * @module Is a key there? The rules of Airflow's `S3KeySensor`, over any bucket: the exact key, a shell pattern whose `*` also crosses `/`, or a regular expression.
 */
import type { Context } from "../context.ts";
import type { ObjectInfo, ObjectSource } from "../object-source.ts";
import { fnmatchRegExp, literalPrefix } from "../../lib/shell-pattern.ts";

/** Decides about the objects that were found: by size, number, names. */
export type CheckFn = (files: readonly ObjectInfo[], ctx: Context) => boolean | Promise<boolean>;

export interface KeyMatch {
  readonly how: "exact" | "wildcard" | "regex";
  readonly checkFn: CheckFn | undefined;
}

/** Without a `checkFn` the first match ends the search. */
export async function isKeyThere(
  source: ObjectSource,
  key: string,
  { how, checkFn }: KeyMatch,
  context: Context,
): Promise<boolean> {
  context.log.info(`Poking for key: ${source.name}/${key}`);
  if (how === "exact") {
    const found = await source.head(key);
    if (found === null) return false;
    return checkFn === undefined || checkFn([found], context);
  }
  // As Python's re.match: from the start, not to the end.
  const pattern = how === "wildcard" ? fnmatchRegExp(key) : new RegExp(`^(?:${key})`);
  const files: ObjectInfo[] = [];
  for await (const object of source.list(how === "wildcard" ? literalPrefix(key) : "")) {
    if (!pattern.test(object.key)) continue;
    if (checkFn === undefined) return true;
    files.push(object);
  }
  return files.length > 0 && checkFn !== undefined && checkFn(files, context);
}
