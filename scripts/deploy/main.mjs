/**
 * @module Runs the plan of a deploy through wrangler: `npm run deploy [-- --dry-run] [-- --env staging]`.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { existingResources } from "./account.mjs";
import { deployedUrl, neededResources, planDeploy, withDatabaseIds } from "./plan.mjs";
import { createWrangler } from "./wrangler.mjs";

const projectFolder = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const print = (line) => process.stdout.write(`${line}\n`);

/** Wrangler reads paths relative to its configuration, so the one with the account's ids lies beside the other while it is needed. */
const deployConfig = path.join(projectFolder, "wrangler.deploy.toml");
const secretsFile = path.join(projectFolder, ".deploy-secrets.json");

async function main() {
  const { values } = parseArgs({ options: { "dry-run": { type: "boolean" }, env: { type: "string" } } });
  const environment = values.env;
  const configFile = path.join(projectFolder, "wrangler.toml");
  const needed = neededResources(readConfig({ config: configFile, env: environment }));
  if (values["dry-run"]) {
    const steps = [{ text: "check the account" }, ...planDeploy({ needed, existing: null, environment })];
    steps.forEach(({ text }, i) => print(`${i + 1}. ${text}`));
    print("dry run: nothing was done");
    return;
  }
  const wrangler = createWrangler(projectFolder);
  const { code, output: account } = await wrangler(["whoami"]);
  if (code !== 0 || /not authenticated/i.test(account)) {
    throw new Error("no Cloudflare account: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN, then deploy again");
  }
  const existing = await existingResources({ needed, environment, wrangler });
  const url = await deploy({ needed, existing, environment, wrangler, configFile });
  print(url === null ? "deployed; the Worker has no workers.dev address: it answers on its routes" : `deployed ${url}`);
}

async function deploy({ needed, existing, environment, wrangler, configFile }) {
  const secrets = Object.fromEntries(
    needed.secrets
      .filter((name) => !existing.secrets.includes(name))
      .map((name) => [name, randomBytes(32).toString("base64url")]),
  );
  let url = null;
  try {
    for (const step of planDeploy({ needed, existing, environment })) {
      print(step.text);
      const args = await argsOf(step, { wrangler, configFile, secrets });
      const { code, output } = await wrangler(args, { show: true });
      if (code !== 0)
        throw new Error(`\`wrangler ${step.args.join(" ")}\` failed (see above): correct that, then deploy again`);
      url = deployedUrl(output) ?? url;
    }
  } finally {
    await Promise.all([deployConfig, secretsFile].map((file) => fs.rm(file, { force: true })));
  }
  await printFirstLogin(url, secrets["AIRFLARE_ADMIN_PASSWORD"]);
  return url;
}

/** Migrations and the Worker need the ids of databases that an earlier step may have created. */
async function argsOf(step, { wrangler, configFile, secrets }) {
  if (step.text.startsWith("create")) return step.args;
  const { output } = await wrangler(["d1", "list", "--json"]);
  const ids = Object.fromEntries(JSON.parse(output).map(({ name, uuid }) => [name, uuid]));
  await fs.writeFile(deployConfig, withDatabaseIds(await fs.readFile(configFile, "utf8"), ids));
  const args = [...step.args, "--config", deployConfig];
  if ((step.secrets ?? []).length === 0) return args;
  await fs.writeFile(secretsFile, JSON.stringify(secrets), { mode: 0o600 });
  return [...args, "--secrets-file", secretsFile];
}

/** Only the deploy that made the password can show it: a secret cannot be read back. */
async function printFirstLogin(url, password) {
  if (password === undefined) return;
  print(`user admin, password ${password} (kept nowhere else: write it down)`);
  if (url === null) return;
  // A new address takes some seconds to be known everywhere.
  for (let tries = 0; tries < 10; tries++) {
    const response = await fetch(`${url}/auth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "admin", password }),
    }).catch(() => null);
    if (response?.ok) {
      print(`first token ${(await response.json()).access_token}`);
      return;
    }
    await sleep(3000);
  }
  print(`no token yet: POST ${url}/auth/token with {"username":"admin","password":...} gives one`);
}

main().catch((error) => {
  process.stderr.write(`airflare: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
