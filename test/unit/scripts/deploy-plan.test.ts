/**
 * @module What `npm run deploy` decides to do, against an account that has nothing, something, everything.
 */
import path from "node:path";
import { expect, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { existingResources } from "../../../scripts/deploy/account.mjs";
import { deployedUrl, neededResources, planDeploy, withDatabaseIds } from "../../../scripts/deploy/plan.mjs";

const needed = {
  databases: ["airflare"],
  buckets: ["airflare-objects"],
  queues: ["airflare-tasks"],
  secrets: ["AIRFLARE_SECRET_KEY", "AIRFLARE_ADMIN_PASSWORD"],
};
const texts = (existing: object | null, environment?: string) =>
  planDeploy({ needed, existing, environment }).map(({ text }) => text);

test("an empty account gets everything, databases before migrations before the Worker", () => {
  expect(texts({ databases: [], buckets: [], queues: [], secrets: [] })).toEqual([
    "create D1 database airflare",
    "create R2 bucket airflare-objects",
    "create queue airflare-tasks",
    "apply migrations to D1 database airflare",
    "build and deploy the Worker, with new values for AIRFLARE_SECRET_KEY and AIRFLARE_ADMIN_PASSWORD",
  ]);
});

test("a second deploy only migrates and deploys, and keeps the secrets", () => {
  expect(texts(needed)).toEqual(["apply migrations to D1 database airflare", "build and deploy the Worker"]);
});

test("one missing secret is set alone", () => {
  const last = planDeploy({
    needed,
    existing: { ...needed, secrets: ["AIRFLARE_SECRET_KEY"] },
    environment: undefined,
  }).at(-1);
  expect(last).toMatchObject({ args: ["deploy"], secrets: ["AIRFLARE_ADMIN_PASSWORD"] });
});

test("without an account every creation is listed as conditional", () => {
  expect(
    texts(null)
      .filter((text) => text.includes("create"))
      .every((text) => text.endsWith("if missing")),
  ).toBe(true);
});

test("an environment goes to the calls that read the configuration", () => {
  const steps = planDeploy({ needed, existing: needed, environment: "staging" });
  expect(steps.map(({ args }) => args.slice(-2))).toEqual([
    ["--env", "staging"],
    ["--env", "staging"],
  ]);
});

test.each([
  [undefined, "airflare"],
  ["staging", "airflare-staging"],
])("the project's configuration for environment %s names everything after %s", (environment, name) => {
  const config = readConfig({ config: path.resolve("wrangler.toml"), env: environment });
  const resources = neededResources(config);
  expect(config.name).toBe(name);
  expect(resources.databases).toEqual([name]);
  const names = [...resources.buckets, ...resources.queues];
  expect(names).toContain(`${name}-dead-letter`);
  expect(names.filter((each) => !each.startsWith(`${name}-`))).toEqual([]);
});

test("ids of the account replace the zeros of the database that has them, and no other", () => {
  const toml = `database_name = "airflare"\ndatabase_id = "00000000-0000-0000-0000-000000000000"\n\ndatabase_name = "other"\ndatabase_id = "00000000-0000-0000-0000-000000000000"\n`;
  expect(withDatabaseIds(toml, { airflare: "11111111-2222-4333-8444-555555555555" })).toBe(
    toml.replace("00000000-0000-0000-0000-000000000000", "11111111-2222-4333-8444-555555555555"),
  );
});

test("the address is read from wrangler's output", () => {
  expect(deployedUrl("Deployed airflare triggers\n  https://airflare.acme.workers.dev\n  schedule: * * * * *\n")).toBe(
    "https://airflare.acme.workers.dev",
  );
  expect(deployedUrl("Deployed airflare triggers\n  schedule: * * * * *\n")).toBeNull();
});

test("the account is asked for each resource by name; a failing question means missing", async () => {
  const answers: Record<string, { code: number; output: string }> = {
    "d1 list --json": { code: 0, output: `[{"name":"airflare","uuid":"u-1"},{"name":"else","uuid":"u-2"}]` },
    "queues info airflare-tasks": { code: 0, output: "" },
    "secret list --format json --env staging": { code: 1, output: "no such Worker" },
  };
  const wrangler = (args: readonly string[]) => Promise.resolve(answers[args.join(" ")] ?? { code: 1, output: "" });
  expect(await existingResources({ needed, environment: "staging", wrangler })).toEqual({
    ids: { airflare: "u-1", else: "u-2" },
    databases: ["airflare"],
    buckets: [],
    queues: ["airflare-tasks"],
    secrets: [],
  });
});
