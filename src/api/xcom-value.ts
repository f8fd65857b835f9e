/**
 * @module Values of XComs as the API shows and stores them: plain JSON out, codec text in, values above the inline limit in R2.
 */
import { AirflareError } from "../model/error.ts";
import { RETURN_KEY, XCOM_INLINE_BYTES_MAX } from "../model/xcom.ts";
import { READ_PAGE_SIZE } from "./all-pages.ts";
import { decode, encode, toJsonProjection } from "../lib/codec.ts";
import { MASK } from "./schemas/variables.ts";
import { isSealed } from "../runtime/sealed-values.ts";
import { xcomObjectKey } from "../runtime/xcom-key.ts";
import type { ApiPorts } from "./ports.ts";
import type { DagRunApi, ReadXComsAnswer, ReadXComsRequest } from "../model/protocol.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { TaskId } from "../model/ids.ts";
import type { XComValue } from "../model/xcom.ts";

/** Stored values up to this size are read and shown; of larger ones and of streams the reference. */
const SHOWN_BYTES_MAX = 1024 * 1024;
/** XComs of one request, over all of its map indexes. */
const ENTRIES_MAX = 100_000;

/** The value as plain JSON; `***` for one that holds a secret. */
export async function shownValue(ports: ApiPorts, value: XComValue): Promise<unknown> {
  if (value.in === "inline") return isSealed(value.text) ? MASK : toJsonProjection(decode(value.text));
  if (value.encoding === "stream" || value.size > SHOWN_BYTES_MAX) {
    return { r2_key: value.key, size: value.size, sha256: value.sha256 };
  }
  const object = await ports.objects.get(value.key);
  if (object === null) {
    throw new AirflareError("xcom_corrupt", `The XCom object ${value.key} is gone; clear the task that wrote it.`);
  }
  const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
  if (value.encoding === "bytes") return toJsonProjection(bytes);
  const text = new TextDecoder().decode(bytes);
  return isSealed(text) ? MASK : toJsonProjection(decode(text));
}

/** A JSON value as it is stored; above the inline limit it is in R2 when this returns. */
export async function storedValue(
  ports: ApiPorts,
  head: DagRunHead,
  target: { readonly taskId: TaskId; readonly mapIndex: number; readonly key: string },
  json: unknown,
): Promise<XComValue> {
  const text = encode(json);
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= XCOM_INLINE_BYTES_MAX) return { in: "inline", text };
  // A key of its own per write, as attempts have by their token: a reader of the old value still finds it.
  const key = xcomObjectKey(head, { ...target, token: `api-${ports.randomId()}` }, target.key);
  return { in: "r2", key, encoding: "devalue", ...(await ports.objects.put(key, bytes)) };
}

/** Every XCom that fits, page by page, in the object's order. */
export async function readAllXComs(
  run: DagRunApi,
  request: Omit<ReadXComsRequest, "after" | "limit">,
): Promise<ReadXComsAnswer["entries"]> {
  const entries: ReadXComsAnswer["entries"][number][] = [];
  let after: ReadXComsRequest["after"];
  while (entries.length < ENTRIES_MAX) {
    // A page says where the next one starts.
    const page = await run.readXComs({ ...request, ...(after === undefined ? {} : { after }), limit: READ_PAGE_SIZE });
    entries.push(...page.entries);
    if (page.more === null) return entries;
    after = page.more;
  }
  throw new AirflareError(
    "invalid_request",
    `More than ${ENTRIES_MAX} XComs fit; narrow the request with a key or a map index.`,
  );
}

/** What a task returned: its value, of a mapped task the list by map index, null when there is none. */
export async function returnedValue(
  ports: ApiPorts,
  run: DagRunApi,
  taskId: TaskId,
  key = RETURN_KEY,
): Promise<unknown> {
  const entries = await readAllXComs(run, { taskIds: [taskId], key });
  const sorted = entries.toSorted((a, b) => a.mapIndex - b.mapIndex);
  const values = await Promise.all(sorted.map((entry) => shownValue(ports, entry.value)));
  return sorted[0] === undefined || sorted[0].mapIndex === -1 ? (values[0] ?? null) : values;
}
