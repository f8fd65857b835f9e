/**
 * @module One HTTP call, all of it from the run's conf: an application schedules calls (`/api/airflare/v1/schedules`) without code of its own.
 */
import { AirflowException, AirflowFailException, dag, p, safeFetch, task } from "airflare";

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expectedStatus: readonly number[];
  readonly retries: number;
}

/** Retries that a conf may ask for: the task itself has as many. */
const RETRIES_MAX = 10;
/** Below the task's executionTimeout. */
const TIMEOUT_MS = 110_000;
/** Characters of the answer that are kept as the task's result. */
const ANSWER_MAX = 10_000;

const call = task(
  "call",
  {
    retries: RETRIES_MAX,
    retryDelay: "5s",
    retryExponentialBackoff: true,
    maxRetryDelay: "10m",
    executionTimeout: "2m",
  },
  async ({ method, url, headers, body, expectedStatus, retries }: Call, { env, log, signal, ti }) => {
    try {
      const text = body === null ? null : typeof body === "string" ? body : JSON.stringify(body);
      const type: Record<string, string> =
        text === null || typeof body === "string" ? {} : { "content-type": "application/json" };
      // The same for each try of the run: the server can tell a repeat.
      const ours = { "idempotency-key": ti.idempotencyKey, ...type };
      // The URL comes from whoever may start a run: only hosts that the deployment lets its pipelines call.
      const request = { method, headers: { ...ours, ...headers }, body: text, signal, timeoutMs: TIMEOUT_MS };
      const answer = await safeFetch(env, url, request);
      const content = (await answer.text()).slice(0, ANSWER_MAX);
      log.info(`${method} ${url} answered ${answer.status}`);
      const isExpected = expectedStatus.length === 0 ? answer.ok : expectedStatus.includes(answer.status);
      if (!isExpected)
        throw new AirflowException(`${method} ${url} answered ${answer.status}: ${content.slice(0, 500)}`);
      return { status: answer.status, body: content };
    } catch (error) {
      if (ti.tryNumber <= retries) throw error;
      throw new AirflowFailException(error instanceof Error ? error.message : String(error));
    }
  },
);

export const httpJob = dag(
  "http_job",
  {
    schedule: null,
    isPausedUponCreation: true,
    description: "One HTTP call with method, URL, headers, body, expected status and retries from the conf",
    tags: ["http"],
    params: {
      method: p.oneOf(["GET", "POST", "PUT", "PATCH", "DELETE"], { default: "POST" }),
      url: p.string({ pattern: "^https?://" }),
      headers: p.schema<Record<string, string>>(
        { type: "object", additionalProperties: { type: "string" } },
        { default: {}, description: "Kept with the run as they are: no place for secrets" },
      ),
      body: p.schema<unknown>({}, { default: null, description: "Text as it is, anything else as JSON" }),
      expected_status: p.list(p.int({ min: 100, max: 599 }), { default: [], description: "Empty: any 2xx" }),
      retries: p.int({ default: 3, min: 0, max: RETRIES_MAX }),
    },
  },
  ({ params }) => {
    const { method, url, headers, body, expected_status: expectedStatus, retries } = params;
    call({ method, url, headers, body, expectedStatus, retries });
  },
);
