/**
 * @module Alerts over a real SMTP server: the mail about a failed task, once, behind its callbacks; an email of the operator.
 */
import fs from "node:fs";
import { expect, test } from "vitest";
import { until } from "../start/local-start.ts";
import { client, partAt, ranExample } from "./services.ts";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  readonly raw: string;
}

function mails(): readonly Mail[] {
  const lines = fs.readFileSync(partAt("smtp")["file"] ?? "", "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Mail);
}

/** The HTML part, out of its base64. */
function html({ raw }: Mail): string {
  const encoded = /text\/html[^]*?\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/.exec(raw)?.[1] ?? "";
  return Buffer.from(encoded, "base64").toString("utf8");
}

test("a failed task sends one mail with Airflow's subject and its exception, and the log says so", async () => {
  const api = await client();
  const run = await ranExample(api, "callbacks", { outcome: "failure" }, "2026-01-05T00:00:00Z");
  expect(run.state).toBe("failed");
  await until(
    async () => ((await run.log("import_customers")).includes("Sent an alert email") ? true : null),
    () => "the mail about the failed task",
  );
  const [mail, ...others] = mails();
  expect(others).toEqual([]);
  expect(mail).toMatchObject({ from: "airflare@example.com", to: ["alerts@example.com"], user: "airflow" });
  const subject = /^Subject: ((?:.*\r?\n )*.*)/m.exec(mail?.raw ?? "")?.[1] ?? "";
  const words = Array.from(subject.matchAll(/=\?utf-8\?B\?(.*?)\?=/g), ([, word = ""]) => word);
  const text = words.length === 0 ? subject : words.map((word) => Buffer.from(word, "base64").toString()).join("");
  expect(text.trim()).toBe(`Airflow alert: <TaskInstance: callbacks.import_customers ${run.runId} [failed]>`);
  expect(mail === undefined ? "" : html(mail)).toMatch(/Try 1 out of 3<br>[^]*the source has no such table/);
  const log = await run.log("import_customers");
  expect(log.indexOf("failed at 2026-01-05")).toBeLessThan(log.indexOf("Sent an alert email"));
});
