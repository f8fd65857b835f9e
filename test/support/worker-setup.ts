/**
 * @module Before the tests of a file: the migrations are applied and the tests' DAGs are deployed.
 */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { dagIndex } from "./worker-dag-index.ts";
import { env } from "cloudflare:workers";
import { syncDeployment } from "../../src/cloudflare/deploy-sync.ts";
import { workerEnv } from "./worker-runs.ts";

const { TEST_MIGRATIONS } = env as unknown as { readonly TEST_MIGRATIONS: D1Migration[] };

await applyD1Migrations(workerEnv.DB, TEST_MIGRATIONS);
await syncDeployment(workerEnv, dagIndex);
