/**
 * @module `r2Key`: waits for keys in an R2 bucket that is bound to the Worker. `S3KeySensor` without a connection.
 */
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { Fields, type Field } from "./fields.ts";
import { type CheckFn, isKeyThere } from "./key-match.ts";
import { keyMatch, keysOf } from "./s3-key.ts";
import { invalidDag } from "../invalid-dag.ts";
import { hasMagic } from "../../lib/shell-pattern.ts";
import { placeBuiltIn } from "./sensor.ts";
import { r2Source } from "../object-source.ts";

export interface R2KeyOptions extends SensorOptions {
  /** Name of the binding: `LAKE` for `ctx.env.LAKE`. */
  readonly bucket: string;
  /** One key or several, all of which must be there. */
  readonly key: Field<string> | Field<readonly string[]>;
  /** The keys are shell patterns, in which `*` also crosses `/`. Default: those that hold `*`, `?` or `[` are. */
  readonly wildcardMatch?: boolean;
  readonly useRegex?: boolean;
  readonly checkFn?: CheckFn;
}

/**
 * Waits until the keys are there.
 * @example
 * const listed = r2Key("wait_for_r2", { bucket: "LAKE", key: "data/customers/*.csv", timeout: "1h" });
 */
export function r2Key(id: string, options: R2KeyOptions): TaskArg<void> {
  const { bucket, key, wildcardMatch, useRegex = false, checkFn, ...rest } = options;
  const place = { taskId: id };
  if (typeof bucket !== "string" || bucket === "")
    throw invalidDag(place, 'it has no bucket; give the name of an R2 binding, like "LAKE"');
  const match = keyMatch(place, { wildcardMatch: wildcardMatch ?? false, useRegex, checkFn }, key);
  return placeBuiltIn({
    id,
    operatorName: "R2KeySensor",
    options: rest,
    fields: new Fields(place, { bucket, key }),
    poke: async (values, context) => {
      const source = r2Source(context, bucket);
      for (const one of keysOf(values["key"])) {
        const isPattern = !useRegex && (wildcardMatch ?? hasMagic(one));
        // The keys after one that is missing need not be asked for.
        // oxlint-disable-next-line no-await-in-loop
        if (!(await isKeyThere(source, one, isPattern ? { ...match, how: "wildcard" } : match, context))) return false;
      }
      return true;
    },
  });
}
