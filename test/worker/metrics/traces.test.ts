/**
 * @module OTLP in real workerd: a run's end orders its trace, the trace has a span for each try, the clock pushes the metrics; a collector that fails changes nothing.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { DagObject } from "../../../src/cloudflare/dag/dag-object.ts";
import type { Env } from "../../../src/cloudflare/env.ts";
import { pushMetrics } from "../../../src/cloudflare/metrics/push-metrics.ts";
import { sendTrace, type TraceMessage } from "../../../src/cloudflare/metrics/send-trace.ts";
import { handleQueue } from "../../../src/cloudflare/task-queue/consumer.ts";
import { addToSeries } from "../../../src/cloudflare/metrics/series.ts";
import { aPush, aView } from "../../support/history-pushes.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { endOf, triggerRun } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: OtlpBody;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly unknown[];
  readonly status: { readonly message?: string };
}

interface OtlpBody {
  readonly resourceSpans?: readonly {
    readonly resource: object;
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

function spansIn(sent: readonly Sent[]): readonly Span[] {
  return sent[0]?.body.resourceSpans?.[0]?.scopeSpans[0]?.spans ?? [];
}

const traced: Env = {
  ...workerEnv,
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.test:4318/",
  OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20abc, x-scope=a",
  OTEL_SERVICE_NAME: "pipelines",
};

/** Stands for the collector: what it gets, and what it answers. */
function collector(status = 200): Sent[] {
  const sent: Sent[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    sent.push({ url: request.url, headers: request.headers, body: JSON.parse(await request.text()) });
    return new Response("said no", { status });
  });
  return sent;
}

afterEach(() => void vi.restoreAllMocks());

async function endedRun(dagId: string, conf: object): Promise<TraceMessage> {
  const runId = await triggerRun(dagId, conf);
  await endOf(dagId, runId);
  const find = "SELECT incarnation FROM dag_run WHERE dag_id = ? AND run_id = ? AND ended_at IS NOT NULL";
  const incarnation = await vi.waitFor(async () => {
    const found = await workerEnv.DB.prepare(find).bind(dagId, runId).first<string>("incarnation");
    if (found === null) throw new Error("not yet");
    return found;
  });
  return { v: 1, kind: "trace", key: "k", dagId, runId, incarnation };
}

test("a run is one trace with a span for each try, below the caller's span", async () => {
  const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const message = await endedRun("retried", { traceparent: `00-${parent.traceId}-${parent.spanId}-01` });
  const sent = collector();
  await sendTrace(message, traced);
  await sendTrace(message, traced);
  expect(sent.map(({ url }) => url)).toEqual(Array(2).fill("http://collector.test:4318/v1/traces"));
  expect(sent[0]?.headers.get("authorization")).toBe("Basic abc");
  expect(sent[0]?.headers.get("x-scope")).toBe("a");
  expect(sent[1]?.body, "a repeat has the same ids").toEqual(sent[0]?.body);
  expect(sent[0]?.body.resourceSpans?.[0]?.resource).toEqual({
    attributes: [{ key: "service.name", value: { stringValue: "pipelines" } }],
  });
  const [run, first, second, ...more] = spansIn(sent);
  if (run === undefined || first === undefined || second === undefined) throw new Error("spans are missing");
  expect(more).toEqual([]);
  expect(run).toMatchObject({
    traceId: parent.traceId,
    parentSpanId: parent.spanId,
    name: "retried",
    kind: 1,
    status: { code: 1 },
  });
  expect(first).toMatchObject({
    traceId: parent.traceId,
    parentSpanId: run.spanId,
    name: "flaky",
    status: { code: 2 },
  });
  expect(first.status.message).toContain("the first try fails");
  expect(second).toMatchObject({ parentSpanId: run.spanId, name: "flaky", status: { code: 1 } });
  expect(second.attributes).toContainEqual({ key: "airflow.task_instance.try_number", value: { intValue: "2" } });
  expect(new Set([run, first, second].map(({ spanId }) => spanId)).size).toBe(3);
  for (const span of [run, first, second]) {
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span.startTimeUnixNano).toMatch(/^\d{19}$/);
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
  }
});

test("a traceparent that is none leaves the run a trace of its own", async () => {
  const message = await endedRun("retried", { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` });
  const sent = collector();
  await sendTrace(message, traced);
  const run = spansIn(sent)[0];
  expect(run?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(run).not.toHaveProperty("parentSpanId");
});

test.each([
  [503, "retry"],
  [429, "retry"],
  [400, "ack"],
] as const)("a collector that answers %i: the message is %s", async (status, expected) => {
  const body = await endedRun("retried", {});
  collector(status);
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const done: string[] = [];
  const message = {
    id: "m",
    body,
    attempts: 1,
    timestamp: new Date(),
    ack: () => done.push("ack"),
    retry: () => done.push("retry"),
  };
  const batch = { queue: "airflare-tasks", messages: [message] } as unknown as MessageBatch;
  await handleQueue(batch, traced, { waitUntil: () => undefined }, dagIndex);
  expect(done).toEqual([expected]);
});

test("the end of a run orders its trace once it is in the history; without a collector nothing is ordered", async () => {
  const DAG = (env as unknown as { readonly DAG: DurableObjectNamespace }).DAG;
  const runId = await triggerRun("retried");
  await endOf("retried", runId);
  const orders = async (settings: Env): Promise<unknown[]> =>
    await runInDurableObject(DAG.getByName("retried"), async (_, state) => {
      const sent: unknown[] = [];
      const TASK_QUEUE = { sendBatch: async (messages: Iterable<{ body: unknown }>) => void sent.push(...messages) };
      const object = new DagObject(state, { ...settings, TASK_QUEUE });
      const now = Date.now();
      const found = await workerEnv.DB.prepare("SELECT incarnation, seq FROM dag_run WHERE run_id = ?")
        .bind(runId)
        .first<{ incarnation: string; seq: number }>();
      const head = aDagRunHead({
        dagId: "retried",
        runId,
        incarnation: found?.incarnation ?? "",
        seq: (found?.seq ?? 0) + 1,
        state: "success",
        startedAt: now - 5,
        endedAt: now,
      });
      await object.pushRunState(aPush(head, [aView("flaky", head.seq, "success")]));
      return sent;
    });
  expect(await orders(traced)).toMatchObject([{ body: { kind: "trace", dagId: "retried", runId } }]);
  expect(await orders(workerEnv)).toEqual([]);
});

test("the clock pushes totals as cumulative sums; nothing goes out without a collector or with metrics off", async () => {
  await addToSeries(
    workerEnv.DB,
    [
      { kind: "counter", name: "pushed.rows", value: 3, tags: { t: "a" } },
      { kind: "timing", name: "pushed.time", value: 0.5, tags: {} },
    ],
    1_000,
  );
  const sent = collector();
  await pushMetrics(traced, 2_000);
  expect(sent[0]?.url).toBe("http://collector.test:4318/v1/metrics");
  const metrics = sent[0]?.body.resourceMetrics?.[0]?.scopeMetrics[0]?.metrics ?? [];
  expect(metrics.find(({ name }) => name === "airflow.pushed.rows")).toEqual({
    name: "airflow.pushed.rows",
    unit: "1",
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        {
          attributes: [{ key: "t", value: { stringValue: "a" } }],
          timeUnixNano: "2000000000",
          startTimeUnixNano: "1000000000",
          asDouble: 3,
        },
      ],
    },
  });
  expect(metrics.find(({ name }) => name === "airflow.pushed.time")).toMatchObject({
    unit: "s",
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [{ count: "1", sum: 0.5, bucketCounts: ["1"], explicitBounds: [] }],
    },
  });
  await pushMetrics(workerEnv, 2_000);
  await pushMetrics({ ...traced, AIRFLARE_METRICS: "0" }, 2_000);
  expect(sent).toHaveLength(1);
});

test("a collector out of reach fails neither the clock nor a run", async () => {
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("connection refused"));
  const logged = vi.spyOn(console, "error").mockReturnValue(undefined);
  await pushMetrics(traced, 2_000);
  expect(logged).toHaveBeenCalledOnce();
});
