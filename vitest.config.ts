/**
 * @module Test projects: `node` for everything that needs no platform, `start` for a real `npm start`, `worker` for real workerd, `services` for real servers. `npm run test:<folder>` picks a folder.
 */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { fileURLToPath } from "node:url";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** A busy machine takes its time; what hangs is still found. */
const PATIENCE_MS = 60_000;

export default defineConfig({
  test: {
    // workerd reports an error of an object's call a second time at the object; who called has it and the test judges it there.
    onUnhandledError: (error) => !("durableObjectId" in error),
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          testTimeout: PATIENCE_MS,
          include: ["test/{unit,property,sim,conformance,types,docs,patterns}/**/*.test.ts", "test/*.test.ts"],
        },
      },
      {
        // Real local starts as child processes: one after another, and with time for a busy machine.
        test: {
          name: "start",
          environment: "node",
          include: ["test/start/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real local starts that are killed: minutes of waiting, so not part of `npm test`.
        test: {
          name: "fault",
          environment: "node",
          include: ["test/fault/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real PostgreSQL, S3 and SMTP servers, installed, started and stopped by the suite.
        test: {
          name: "services",
          environment: "node",
          include: ["test/services/**/*.test.ts"],
          globalSetup: ["test/services/setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One local start and one database for all.
          fileParallelism: false,
        },
      },
      {
        // Real workerd with the bindings of wrangler.toml: objects, queues, D1, R2. Only the DAGs are the tests' own.
        plugins: [
          cloudflareTest(async () => ({
            main: path("./src/worker.ts"),
            wrangler: { configPath: path("./wrangler.toml") },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations(path("./migrations")),
                AIRFLARE_QUEUE_HOLD: "0",
                AIRFLARE_LOCAL: "1",
                AIRFLARE_TICK: "0",
                AIRFLARE_METRICS: "1",
                // As the clients of the tests have it: consumers read what they have sealed.
                AIRFLARE_SECRET_KEY: "key",
              },
              // A queue a DAG author named, as docs describe it.
              queueProducers: { TASK_QUEUE_HEAVY: { queueName: "airflare-heavy" } },
              queueConsumers: { "airflare-heavy": { maxBatchSize: 1, maxBatchTimeout: 0 } },
            },
          })),
        ],
        resolve: {
          alias: [{ find: /^.*\/generated\/dags\.ts$/, replacement: path("./test/support/worker-dag-index.ts") }],
        },
        test: {
          name: "worker",
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          include: ["test/worker/**/*.test.ts"],
          setupFiles: [path("./test/support/worker-setup.ts")],
        },
      },
    ],
  },
});
