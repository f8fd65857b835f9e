/**
 * @module Resources that are named by a key and stored as a whole (variables, connections, pools): list, one, create, patch, delete, bulk.
 */
import { HttpDetailError } from "./errors.ts";
import { bulkBody } from "./schemas/bulk.ts";
import { pageRequest } from "./paging.ts";
import { pathParam } from "./run-access.ts";
import { readBody, readQuery } from "./validation.ts";
import { updateMaskQuery } from "./schemas/dags.ts";
import type { ApiApp, ApiPorts } from "./ports.ts";
import type { ApiContext } from "./run-access.ts";
import type { BulkActionResponse, BulkResponse } from "./schemas/bulk.ts";
import type { Page, PageRequest } from "./paging.ts";
import type * as z from "zod/mini";

/** Where entries live. */
export interface KeyedStore<Entry> {
  get(key: string): Promise<Entry | null>;
  /** Creates or replaces. */
  set(entry: Entry): Promise<void>;
  /** False when there was none. */
  delete(key: string): Promise<boolean>;
  list(pattern: string | undefined, page: PageRequest, prefix?: string): Promise<Page<Entry>>;
}

/** A change of one entry, before anything is looked up. */
export type KeyedChange<Body> =
  | { readonly kind: "create"; readonly body: Body }
  | { readonly kind: "update"; readonly body: Body; readonly mask: readonly string[] | null | undefined }
  | { readonly kind: "delete"; readonly key: string };

export interface KeyedResource<Entry, Body extends z.ZodMiniType<object>> {
  readonly path: string;
  /** As Airflow's messages call it: `The Variable with key: ...`. */
  readonly noun: string;
  /** Name of the key in bodies and messages. */
  readonly keyField: string;
  /** Name of the list in collections. */
  readonly listField: string;
  readonly listQuery: z.ZodMiniObject;
  readonly patternField: string;
  /** Query field of a case-sensitive prefix of the key. */
  readonly prefixField?: string;
  readonly order: Readonly<Record<string, string>>;
  /** Order of a list without `order_by`; the key unless given. */
  readonly defaultOrder?: string;
  /** Throws what Airflow answers to a change that is not allowed. */
  readonly check?: (change: KeyedChange<z.output<Body>>) => void;
  readonly body: Body;
  readonly store: (ports: ApiPorts) => KeyedStore<Entry>;
  readonly keyOf: (body: z.output<Body>) => string;
  /** The entry a body describes: of fields that are not in `fields`, the stored value. */
  readonly entryOf: (body: z.output<Body>, stored: Entry | null, fields: ReadonlySet<string>) => Entry;
  readonly response: (entry: Entry) => object;
}

export function keyedRoutes<Entry, Body extends z.ZodMiniType<object>>(
  app: ApiApp,
  resource: KeyedResource<Entry, Body>,
): void {
  const { path } = resource;
  app.get(path, (c) => listEntries(c, resource));
  app.post(path, async (c) => {
    const entry = await createEntry(resource, c.var.ports, await readBody(c, resource.body), "fail");
    return c.json(resource.response(entry), 201);
  });
  app.patch(path, (c) => bulk(c, resource));
  // A key may hold slashes.
  app.get(`${path}/:key{.+}`, async (c) =>
    c.json(resource.response(await requireEntry(resource, c.var.ports, pathParam(c, "key")))),
  );
  app.patch(`${path}/:key{.+}`, async (c) => {
    const { update_mask } = readQuery(c, updateMaskQuery);
    const body = await readBody(c, resource.body);
    if (resource.keyOf(body) !== pathParam(c, "key")) {
      throw new HttpDetailError(
        400,
        `Invalid body, ${resource.keyField} from request body doesn't match uri parameter`,
      );
    }
    return c.json(resource.response(await updateEntry(resource, c.var.ports, body, update_mask)));
  });
  app.delete(`${path}/:key{.+}`, async (c) => {
    await deleteEntry(resource, c.var.ports, pathParam(c, "key"));
    return c.body(null, 204);
  });
}

type Resource<Entry, Body extends z.ZodMiniType<object>> = KeyedResource<Entry, Body>;

async function listEntries<Entry, Body extends z.ZodMiniType<object>>(
  c: ApiContext,
  resource: Resource<Entry, Body>,
): Promise<Response> {
  const query: Readonly<Record<string, unknown>> = readQuery(c, resource.listQuery);
  const text = (field: string | undefined): string | undefined => {
    const value = field === undefined ? undefined : query[field];
    return typeof value === "string" ? value : undefined;
  };
  const request = pageRequest(query, resource.order, [resource.defaultOrder ?? resource.keyField]);
  const page = await resource.store(c.var.ports).list(text(resource.patternField), request, text(resource.prefixField));
  return c.json({ [resource.listField]: page.rows.map(resource.response), total_entries: page.total });
}

async function requireEntry<Entry, Body extends z.ZodMiniType<object>>(
  resource: Resource<Entry, Body>,
  ports: ApiPorts,
  key: string,
): Promise<Entry> {
  const entry = await resource.store(ports).get(key);
  if (entry === null) throw notFound(resource, key);
  return entry;
}

function notFound<Entry, Body extends z.ZodMiniType<object>>(
  { noun, keyField }: Resource<Entry, Body>,
  key: string,
): HttpDetailError {
  return new HttpDetailError(404, `The ${noun} with ${keyField}: \`${key}\` was not found`);
}

async function createEntry<Entry, Body extends z.ZodMiniType<object>>(
  resource: Resource<Entry, Body>,
  ports: ApiPorts,
  body: z.output<Body>,
  onExistence: "fail" | "skip" | "overwrite",
): Promise<Entry> {
  resource.check?.({ kind: "create", body });
  const store = resource.store(ports);
  const key = resource.keyOf(body);
  const stored = await store.get(key);
  if (stored !== null && onExistence === "skip") return stored;
  if (stored !== null && onExistence === "fail") {
    throw new HttpDetailError(409, `The ${resource.noun} with ${resource.keyField}: \`${key}\` already exists`);
  }
  const entry = resource.entryOf(body, null, new Set(Object.keys(body)));
  await store.set(entry);
  return entry;
}

/** Fields that the body has and, if there is a mask, the mask names. */
async function updateEntry<Entry, Body extends z.ZodMiniType<object>>(
  resource: Resource<Entry, Body>,
  ports: ApiPorts,
  body: z.output<Body>,
  mask: readonly string[] | null | undefined,
): Promise<Entry> {
  resource.check?.({ kind: "update", body, mask });
  const stored = await requireEntry(resource, ports, resource.keyOf(body));
  const given = Object.keys(body);
  const fields = new Set(mask == null || mask.length === 0 ? given : given.filter((field) => mask.includes(field)));
  const entry = resource.entryOf(body, stored, fields);
  await resource.store(ports).set(entry);
  return entry;
}

async function deleteEntry<Entry, Body extends z.ZodMiniType<object>>(
  resource: Resource<Entry, Body>,
  ports: ApiPorts,
  key: string,
): Promise<void> {
  resource.check?.({ kind: "delete", key });
  if (!(await resource.store(ports).delete(key))) throw notFound(resource, key);
}

/** Entities of one bulk request: each is a few queries. */
const BULK_MAX = 200;

async function bulk<Entry, Body extends z.ZodMiniType<object>>(
  c: ApiContext,
  resource: Resource<Entry, Body>,
): Promise<Response> {
  const { actions } = await readBody(c, bulkBody(resource.body));
  const count = actions.reduce((sum, { entities }) => sum + entities.length, 0);
  if (count > BULK_MAX)
    throw new HttpDetailError(422, `A bulk request takes at most ${BULK_MAX} entities; this one has ${count}`);
  const answer: z.infer<typeof BulkResponse> = { create: null, update: null, delete: null };
  const { ports } = c.var;
  const keyOf = (entity: string | z.output<Body>): string =>
    typeof entity === "string" ? entity : resource.keyOf(entity);
  for (const action of actions) {
    const outcome = (answer[action.action] ??= { success: [], errors: [] });
    const skipMissing = action.action !== "create" && action.action_on_non_existence === "skip";
    // In order: a later entity may have the key of an earlier one.
    for (const entity of action.entities) {
      await noteOutcome(outcome, keyOf(entity), skipMissing, async () => {
        if (action.action === "delete") return await deleteEntry(resource, ports, keyOf(entity));
        if (typeof entity === "string") return;
        if (action.action === "create") await createEntry(resource, ports, entity, action.action_on_existence);
        else await updateEntry(resource, ports, entity, action.update_mask);
      });
    }
  }
  return c.json(answer);
}

/** Runs one entity's work and notes how it ended; what Airflow would answer as an error is an entry, anything else ends the request. */
async function noteOutcome(
  outcome: z.infer<typeof BulkActionResponse>,
  key: string,
  skipMissing: boolean,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
    outcome.success.push(key);
  } catch (error) {
    if (!(error instanceof HttpDetailError)) throw error;
    if (error.status === 404 && skipMissing) return;
    outcome.errors.push({ error: error.message, status_code: error.status });
  }
}
