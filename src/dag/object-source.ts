/**
 * @module A bucket as sensors see it: one object by its key, or the objects below a prefix. R2 by its binding, any other store by its hook.
 */
import type { Context } from "./context.ts";
import { AirflareError } from "../model/error.ts";

/** One stored object. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

export interface ObjectSource {
  /** Shown in logs: `r2://LAKE`, `s3://my-bucket`. */
  readonly name: string;
  /** Null when there is no such object. */
  head(key: string): Promise<ObjectInfo | null>;
  /** All objects whose key begins with the prefix, page by page. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
}

interface R2Objects {
  readonly objects: readonly { readonly key: string; readonly size: number }[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

/** The part of an R2 binding that is used. */
interface R2Binding {
  head(key: string): Promise<{ readonly key: string; readonly size: number } | null>;
  list(options: { readonly prefix: string; readonly cursor?: string }): Promise<R2Objects>;
}

/** The bucket of a binding in `ctx.env`. Throws `invalid_request` naming the bindings that are buckets. */
export function r2Source(context: Context, binding: string): ObjectSource {
  const bucket: unknown = Reflect.get(context.env, binding);
  if (!isBucket(bucket)) {
    const known = Object.entries(context.env).flatMap(([name, value]) => (isBucket(value) ? [name] : []));
    throw new AirflareError(
      "invalid_request",
      `There is no R2 bucket bound as ${binding} (there are: ${known.join(", ") || "none"}). Add it to [[r2_buckets]] in wrangler.toml.`,
    );
  }
  return {
    name: `r2://${binding}`,
    head: async (key) => {
      const found = await bucket.head(key);
      return found === null ? null : { key: found.key, size: found.size };
    },
    list: (prefix) => listR2(bucket, prefix),
  };
}

async function* listR2(bucket: R2Binding, prefix: string): AsyncGenerator<ObjectInfo> {
  let cursor: string | undefined;
  do {
    // Each page names the next one.
    // oxlint-disable-next-line no-await-in-loop
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    for (const { key, size } of page.objects) yield { key, size };
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

function isBucket(value: unknown): value is R2Binding {
  return typeof value === "object" && value !== null && "head" in value && "list" in value;
}
