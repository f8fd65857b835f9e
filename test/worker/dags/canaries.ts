/**
 * @module Thirty ways in which a task may print a secret that it was handed, by accident or on purpose. Each task is one way, two of them on failing tasks.
 */
import {
  AirflowException,
  AirflowFailException,
  AirflowSkipException,
  type Context,
  dag,
  http,
  task,
  TaskDeferred,
  timeDeltaTrigger,
} from "airflare";

interface Secrets {
  readonly password: string;
  readonly apiKey: string;
  readonly uri: string;
}

async function secretsOf({ connections, variables }: Context): Promise<Secrets> {
  // The names are registered by nobody: they exist in this test only.
  const connection = await connections.get("canary_db" as never);
  const apiKey = await variables.get("canary_api_key" as never);
  return { password: connection.password ?? "", apiKey: String(apiKey), uri: connection.uri };
}

type Way = (secrets: Secrets, context: Context) => unknown;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (text: string): string => btoa(String.fromCharCode(...bytes(text)));
const hex = (text: string): string => Array.from(bytes(text), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Each is a task of this name. What a way returns is the task's XCom. */
export const WAYS: Readonly<Record<string, Way>> = {
  log_line: ({ password }, { log }) => log.info(`connecting with ${password}`),
  log_fields: ({ password }, { log }) => log.info("connecting", { how: { tried: [password] } }),
  log_field_name: ({ password }, { log }) => log.info("connecting", { [password]: 1 }),
  log_sensitive_field: (_, { log }) => log.info("connecting", { password: "short-lived-canary-7f3a" }),
  console_log: ({ apiKey }) => console.log("key", apiKey),
  console_object: ({ apiKey }) => console.log({ nested: { list: [apiKey] } }),
  console_error: ({ apiKey }) => console.error(new Error(`refused: ${apiKey}`)),
  console_table: ({ apiKey }) => console.table([{ a: apiKey }]),
  log_base64: ({ password }, { log }) => log.info(base64(password)),
  log_base64_within: ({ password }, { log }) => {
    for (const before of ["", "a", "ab", "abc"]) log.info(base64(`${before}:${password}:after`));
  },
  log_basic_auth: ({ password }, { log }) => log.info(`Authorization: Basic ${base64(`canary:${password}`)}`),
  log_base64url: ({ password }, { log }) =>
    log.info(base64(password).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")),
  log_url_encoded: ({ password }, { log }) => log.info(`https://x/?p=${encodeURIComponent(password)}`),
  log_form_encoded: ({ password }, { log }) => log.info(new URLSearchParams({ p: password }).toString()),
  log_json: ({ password }, { log }) => log.info(JSON.stringify({ p: password })),
  log_json_in_json: ({ password }, { log }) => log.info(JSON.stringify(JSON.stringify({ p: password }))),
  log_hex: ({ password }, { log }) => log.info(hex(password)),
  log_uri: ({ uri }, { log }) => log.info(uri),
  log_long_line: ({ password }, { log }) => log.info(`${"x".repeat(256 * 1024 - 5)}${password}`),
  log_many_lines: ({ password }, { log }) => {
    for (let line = 0; line < 3000; line++) log.info(`${"y".repeat(line % 97)}${password}`);
  },
  log_environment: (_, { env, log }) =>
    log.info(
      JSON.stringify(env, (_key, value: unknown) => (typeof value === "object" && value !== env ? null : value)),
    ),
  error_message: ({ password }) => {
    throw new AirflowException(`login with ${password} failed`);
  },
  error_cause: ({ password }) => {
    throw new AirflowFailException("it failed", {
      cause: new Error("outer", { cause: new Error(`inner ${password}`) }),
    });
  },
  error_code: ({ password }) => {
    throw Object.assign(new Error("it failed"), { code: `E_${password}` });
  },
  error_stack: ({ password }) => {
    const error = new Error("it failed");
    error.stack = `Error: it failed\n    at ${password} (file.ts:1:1)`;
    throw error;
  },
  skip_reason: ({ password }) => {
    throw new AirflowSkipException(`nothing to do for ${password}`);
  },
  returned: ({ password }) => ({ dsn: { inner: password } }),
  returned_large: ({ password }) => `${"z".repeat(40_000)}${password}`,
  returned_bytes: ({ password }) => bytes(`raw ${password}`),
  pushed: ({ apiKey }, { ti }) => ti.xcomPush("handed_on", [apiKey]),
  pushed_key: async ({ apiKey }, { ti, log }) => {
    await ti.xcomPush(`key of ${apiKey}`, 1).catch((error: unknown) => log.info(String(error)));
  },
  once: ({ password }, context) => context.once("login", () => ({ session: password })).then(() => undefined),
  deferred: ({ password, apiKey }, { resumed }) => {
    if (resumed !== undefined) return resumed.kwargs["key"] === password;
    throw new TaskDeferred({ trigger: timeDeltaTrigger("1s"), kwargs: { key: password, nested: [apiKey] } });
  },
  metric: ({ apiKey }, { stats }) => stats.incr("canary.calls", 1, { tags: { key: apiKey } }),
};

const ways = Object.entries(WAYS).map(([id, way]) =>
  // What is returned differs by way.
  task(id, async (_: {}, context: Context) => (await way(await secretsOf(context), context)) as string),
);

/** Gets the real value that another task handed on. */
const receives = task("receives", async ({ value }: { value: { dsn: { inner: string } } }, context) => {
  const { password } = await secretsOf(context);
  return value.dsn.inner === password;
});

export const canaries = dag("canaries", { schedule: null, maxActiveTasks: 50 }, () => {
  for (const way of ways) {
    const placed = way();
    if (way.id === "returned") receives({ value: placed as never });
  }
  // Templates of an operator; the call fails, as nobody is there.
  http("template", {
    httpConnId: null,
    endpoint: "http://127.0.0.1:1/{{ conn.canary_db.password }}?key={{ var.value.canary_api_key }}",
    logResponse: true,
  });
});
