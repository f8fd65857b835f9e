/**
 * @module No secret in any store: a DAG prints stored secrets in more than thirty ways, then everything that was stored or is answered is searched for them.
 */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { api, endOf, runPath, triggerRun } from "../support/worker-client.ts";
import { workerEnv } from "../support/worker-runs.ts";
import { WAYS } from "./dags/canaries.ts";

const PASSWORD = 'p@ss/w:rd "canary"+ü#1';
const API_KEY = "canary-key-0123456789abcdef";
const SHORT = "short-lived-canary-7f3a";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Pieces of the secrets that are in each of their forms, so that this search knows more than the masking does. */
const TRACES: Readonly<Record<string, RegExp>> = {
  plain: /p@ss\/w:rd|canary-key-0123|0123456789abcdef|short-lived-canary/,
  "part of it": /p@ss|w:rd "can/,
  json: /p@ss\/w:rd \\+"canary/,
  "url-encoded": /p%40ss|%2Fw%3Ard|w%3ard/i,
  hex: new RegExp(Array.from(bytes("p@ss/w:rd"), (byte) => byte.toString(16)).join(""), "i"),
  base64: new RegExp(
    ["", "a", "ab"]
      .flatMap((before) =>
        [PASSWORD, API_KEY].map((secret) => btoa(String.fromCharCode(...bytes(before + secret))).slice(4, 16)),
      )
      .map((part) => part.replaceAll("+", "[+-]").replaceAll("/", "[/_]"))
      .join("|"),
  ),
};

/** Places where a trace of a secret stands. */
function leaks(place: string, text: string): string[] {
  return Object.entries(TRACES).flatMap(([form, trace]) => {
    const found = trace.exec(text);
    return found === null
      ? []
      : [`${place}: ${form}: ...${text.slice(Math.max(0, found.index - 60), found.index + 60)}...`];
  });
}

let path = "";

beforeAll(async () => {
  await api("POST", "/api/v2/connections", {
    connection_id: "canary_db",
    conn_type: "postgres",
    host: "127.0.0.1",
    port: 1,
    login: "canary",
    password: PASSWORD,
    extra: JSON.stringify({ api_token: API_KEY }),
  });
  await api("POST", "/api/v2/variables", { key: "canary_api_key", value: API_KEY });
  const runId = await triggerRun("canaries");
  expect(await endOf("canaries", runId)).toBe("failed");
  path = runPath("canaries", runId);
}, 120_000);

test("there are thirty ways, and each has run", async () => {
  expect(Object.keys(WAYS).length).toBeGreaterThanOrEqual(30);
  const { task_instances: instances } = await api<{ task_instances: { task_id: string; state: string }[] }>(
    "GET",
    `${path}/taskInstances?limit=100`,
  );
  const states = Object.fromEntries(instances.map(({ task_id, state }) => [task_id, state]));
  const failed = Object.keys(states)
    .filter((id) => states[id] === "failed")
    .toSorted();
  expect(failed).toEqual(["error_cause", "error_code", "error_message", "error_stack", "template"]);
  expect(Object.values(states).filter((state) => state === "skipped")).toHaveLength(1);
  expect(Object.keys(states)).toEqual(expect.arrayContaining(Object.keys(WAYS)));
});

test("a secret that a task returns reaches the next task as it is, and is stars to whoever looks", async () => {
  const valueOf = async (taskId: string, key = "return_value"): Promise<unknown> =>
    (await api<{ value: unknown }>("GET", `${path}/taskInstances/${taskId}/xcomEntries/${key}`)).value;
  expect(await valueOf("receives")).toBe(true);
  expect([await valueOf("returned"), await valueOf("returned_large"), await valueOf("pushed", "handed_on")]).toEqual([
    "***",
    "***",
    "***",
  ]);
});

test("the logs are there, with stars", async () => {
  const { content } = await api<{ content: { event: string }[] }>("GET", `${path}/taskInstances/log_line/logs/1`);
  expect(content.map(({ event }) => event)).toContain("connecting with ***");
  const refused = await api<{ content: { event: string }[] }>("GET", `${path}/taskInstances/pushed_key/logs/1`);
  expect(JSON.stringify(refused)).toContain("holds a secret");
});

test("no table of D1 holds one", async () => {
  const { results: tables } = await workerEnv.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  expect(tables.length).toBeGreaterThan(10);
  const found: string[] = [];
  for (const { name } of tables)
    found.push(...leaks(name, textOf((await workerEnv.DB.prepare(`SELECT * FROM "${name}"`).all()).results)));
  expect(found).toEqual([]);
});

test("no object's storage holds one", async () => {
  const found: string[] = [];
  let rows = 0;
  for (const namespace of [workerEnv.DAG_RUN, workerEnv.DAG] as unknown as DurableObjectNamespace[]) {
    for (const id of await listDurableObjectIds(namespace)) {
      await runInDurableObject(namespace.get(id), (_, { storage: { sql } }) => {
        const tables = sql
          .exec<{ name: string }>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
          )
          .toArray();
        for (const { name } of tables) {
          const content = sql.exec(`SELECT * FROM "${name}"`).toArray();
          rows += content.length;
          found.push(...leaks(`${String(id)} ${name}`, textOf(content)));
        }
      });
    }
  }
  expect(rows).toBeGreaterThan(10);
  expect(found).toEqual([]);
});

test("no object in R2 holds one", async () => {
  const { objects } = await workerEnv.OBJECTS.list();
  expect(objects.map(({ key }) => key).filter((key) => key.startsWith("xcom/"))).not.toEqual([]);
  const found: string[] = [];
  for (const { key } of objects) {
    const body = await (await workerEnv.OBJECTS.get(key))?.arrayBuffer();
    found.push(...leaks(key, `${key} ${await inflated(body ?? new ArrayBuffer(0))}`));
  }
  expect(found).toEqual([]);
});

test("no answer of the API holds one", async () => {
  const paths = ["", "/taskInstances?limit=100", "/taskInstances/~/xcomEntries"].map((rest) => `${path}${rest}`);
  for (const taskId of [...Object.keys(WAYS), "template", "receives"]) {
    for (const rest of ["", "/logs/1", "/tries", "/xcomEntries"]) paths.push(`${path}/taskInstances/${taskId}${rest}`);
  }
  paths.push(
    "/api/v2/connections",
    "/api/v2/connections/canary_db",
    "/api/v2/variables",
    "/api/v2/variables/canary_api_key",
  );
  const found: string[] = [];
  for (const one of paths) {
    const answer = await api<unknown>("GET", one).catch((error: unknown) => String(error));
    found.push(...leaks(one, JSON.stringify(answer)));
  }
  expect(found).toEqual([]);
});

test("the search finds a secret in every form it looks for", () => {
  const encoded = [
    PASSWORD,
    JSON.stringify(PASSWORD),
    encodeURIComponent(PASSWORD),
    btoa(String.fromCharCode(...bytes(PASSWORD))),
    btoa(String.fromCharCode(...bytes(`a${API_KEY}`))),
    Array.from(bytes(PASSWORD), (byte) => byte.toString(16)).join(""),
    SHORT,
  ];
  expect(encoded.filter((text) => leaks("here", text).length === 0)).toEqual([]);
});

/** Rows as text; blobs by their bytes, inflated where they are packed. */
function textOf(rows: readonly object[]): string {
  return JSON.stringify(rows, (_key, value: unknown) => {
    if (value instanceof ArrayBuffer || value instanceof Uint8Array) return new TextDecoder("latin1").decode(value);
    return value;
  });
}

const GZIP_START = String.fromCharCode(0x1f, 0x8b, 0x08);
const GZIP = new RegExp(GZIP_START, "g");

/** The bytes as text, and every compressed part of them inflated. */
async function inflated(body: ArrayBuffer): Promise<string> {
  const raw = new TextDecoder("latin1").decode(body);
  let text = raw;
  for (const { index } of raw.matchAll(GZIP)) {
    const end = raw.indexOf(GZIP_START, index + 1);
    const part = new Blob([body.slice(index, end < 0 ? undefined : end)]);
    text += await new Response(part.stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }
  return text;
}
