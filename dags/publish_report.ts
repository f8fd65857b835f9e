/**
 * @module From a database to a bucket, an API and a chat: a query, a file in S3, an HTTP call and a message, with templates in the operators' fields.
 */
import { S3Hook, dag, http, slackWebhook, sqlExecuteQuery, task } from "airflare";

interface CountryCount {
  readonly country: string;
  readonly customers: number;
}

/** Under the same key for the same day: running it again replaces the report. */
const publish = task("publish", async ({ rows }: { rows: CountryCount[] }, ctx) => {
  const s3 = await ctx.hook(S3Hook, "aws_default");
  const key = `reports/${ctx.ds}.json`;
  await s3.loadString(JSON.stringify(rows), key, undefined, { contentType: "application/json" });
  return key;
});

export const publishReport = dag(
  "publish_report",
  {
    schedule: null,
    isPausedUponCreation: true,
    description: "Counts customers in PostgreSQL, puts the report into S3, and tells an API and a chat",
    tags: ["postgres", "s3", "http", "connections"],
    defaultArgs: { retries: 2, retryDelay: "10s" },
  },
  () => {
    const rows = sqlExecuteQuery<CountryCount>("count_customers", {
      connId: "postgres_default",
      sql: "SELECT country, count(*)::int AS customers FROM customers WHERE updated_at < %(day)s GROUP BY country ORDER BY country",
      parameters: { day: "{{ ds }}" },
    });
    const key = publish({ rows });
    const told = http("tell_warehouse", { endpoint: "reports/{{ ds }}", data: { key, run: "{{ run_id }}" } });
    slackWebhook("tell_team", {
      slackWebhookConnId: "slack",
      message:
        "{{ ti.xcom_pull(task_ids='publish') }} has {{ ti.xcom_pull(task_ids='count_customers') | length }} countries",
    }).after(told);
  },
);
