/**
 * @module What a deploy has to do, as data: from the configuration and what the account has, to a list of wrangler calls. Does nothing itself.
 */

const SECRETS = ["AIRFLARE_SECRET_KEY", "AIRFLARE_ADMIN_PASSWORD"];

/**
 * Names of everything the Worker needs beside itself, from its resolved configuration (wrangler's own form).
 * Queues are named by producers, consumers and dead-letter settings; each is created once.
 */
export function neededResources(config) {
  const queues = [
    ...config.queues.producers.map(({ queue }) => queue),
    ...config.queues.consumers.flatMap(({ queue, dead_letter_queue: deadLetter }) => [queue, deadLetter]),
  ];
  return {
    databases: config.d1_databases.map(({ database_name: name }) => name),
    buckets: config.r2_buckets.map(({ bucket_name: name }) => name),
    queues: [...new Set(queues.filter((name) => name !== undefined))],
    secrets: SECRETS,
  };
}

/**
 * The steps of a deploy in order; `args` are wrangler's. `existing` has the fields of `needed`;
 * null means the account is not known (a dry run): what may be there already is listed as "if missing".
 */
export function planDeploy({ needed, existing, environment }) {
  const env = environment === undefined ? [] : ["--env", environment];
  const condition = existing === null ? " if missing" : "";
  const missing = (kind) => needed[kind].filter((name) => existing === null || !existing[kind].includes(name));
  const create = (kind, text, args) =>
    missing(kind).map((name) => ({ text: `create ${text} ${name}${condition}`, args: [...args, name] }));
  const secrets = missing("secrets");
  const secretsText = secrets.length === 0 ? "" : `, with new values for ${secrets.join(" and ")}${condition}`;
  return [
    ...create("databases", "D1 database", ["d1", "create"]),
    ...create("buckets", "R2 bucket", ["r2", "bucket", "create"]),
    ...create("queues", "queue", ["queues", "create"]),
    ...needed.databases.map((name) => ({
      text: `apply migrations to D1 database ${name}`,
      args: ["d1", "migrations", "apply", name, "--remote", ...env],
    })),
    // Secrets go up with the version: there is no moment in which the Worker serves without them.
    { text: `build and deploy the Worker${secretsText}`, args: ["deploy", ...env], secrets },
  ];
}

/** The configuration with the account's database ids in place of the zeros that the repository has. Ids by database name. */
export function withDatabaseIds(tomlText, ids) {
  return tomlText.replaceAll(/(database_name = "([^"]+)"\ndatabase_id = )"[0-]+"/g, (text, start, name) =>
    ids[name] === undefined ? text : `${start}"${ids[name]}"`,
  );
}

/** The address in the output of `wrangler deploy`, null when there is none (no workers.dev address and no route). */
export function deployedUrl(output) {
  return /https:\/\/[^\s"']+\.workers\.dev/.exec(output)?.[0] ?? null;
}
