/**
 * @module What the account has already, asked through wrangler. Every question is one call whose failure means "not there".
 */

/** Answers the fields of `needed` that exist, and the D1 ids by name. `wrangler(args)` answers `{ code, output }`. */
export async function existingResources({ needed, environment, wrangler }) {
  const env = environment === undefined ? [] : ["--env", environment];
  const list = async (args) => {
    const { code, output } = await wrangler(args);
    return code === 0 ? JSON.parse(output) : [];
  };
  const having = async (names, argsOf) => {
    const found = [];
    for (const name of names) if ((await wrangler(argsOf(name))).code === 0) found.push(name);
    return found;
  };
  const databases = await list(["d1", "list", "--json"]);
  const ids = Object.fromEntries(databases.map(({ name, uuid }) => [name, uuid]));
  return {
    ids,
    databases: needed.databases.filter((name) => ids[name] !== undefined),
    buckets: await having(needed.buckets, (name) => ["r2", "bucket", "info", name]),
    queues: await having(needed.queues, (name) => ["queues", "info", name]),
    // A Worker that was never deployed has none.
    secrets: (await list(["secret", "list", "--format", "json", ...env])).map(({ name }) => name),
  };
}
