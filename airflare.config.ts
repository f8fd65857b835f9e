/**
 * @module The project's pools, variables and connections: typed names for the DAGs in `dags/`. Values and secrets are set by UI, CLI or API.
 */
import { defineConfig } from "airflare";

export const config = defineConfig({
  pools: { my_pool: 5, api: 20 },
  variables: { db_host: "localhost", batch: 500, alert_channel: "log" },
  connections: {
    postgres_default: "postgres",
    aws_default: "aws",
    http_default: "http",
    slack: "http",
    smtp_default: "smtp",
    lake: "r2:LAKE",
  },
});

declare module "airflare" {
  interface Register {
    config: typeof config;
    env: {
      /** R2 bucket for DAG authors, bound by the local project. */
      LAKE: R2Bucket;
    };
  }
}
