/**
 * @module `airflare pools export` and `import`: Airflow's JSON files, `{"my_pool": {"slots": 5, "description": "...", "include_deferred": false}}`.
 */
import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "../../command.ts";
import { allPools, setPool } from "./pool.ts";

export const poolsExport: Command = {
  usage: "pools export <file.json>",
  summary: "write all pools to a JSON file",
  async run({ api, args, print }) {
    const [file, ...more] = args;
    if (file === undefined || more.length > 0) throw new Error(`usage: airflare ${poolsExport.usage}`);
    const pools = await allPools(api);
    const entries = pools.map(({ name, slots, description, include_deferred: deferred }) => [
      name,
      { slots, description: description ?? "", include_deferred: deferred },
    ]);
    await writeFile(file, `${JSON.stringify(Object.fromEntries(entries), null, 4)}\n`);
    print(`${pools.length} pools are in ${file}`);
  },
};

export const poolsImport: Command = {
  usage: "pools import <file.json>",
  summary: "create or change the pools of a JSON file",
  async run({ api, args, print }) {
    const [file, ...more] = args;
    if (file === undefined || more.length > 0) throw new Error(`usage: airflare ${poolsImport.usage}`);
    const pools = poolsOf(file, await readFile(file, "utf8"));
    // One by one: a pool that is refused is named, and those before it are there.
    // oxlint-disable-next-line no-await-in-loop
    for (const pool of pools) await setPool(api, pool);
    print(`${pools.length} pools are set`);
  },
};

interface FilePool {
  readonly name: string;
  readonly slots: number;
  readonly description: string;
  readonly include_deferred: boolean;
}

/** Reads the whole file before anything is changed. */
function poolsOf(file: string, text: string): readonly FilePool[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON`, { cause: error });
  }
  if (!isRecord(content)) throw new Error(`${file} must hold an object of pools by name`);
  return Object.entries(content).map(([name, pool]) => {
    const { slots, description, include_deferred: deferred } = isRecord(pool) ? pool : {};
    if (typeof slots !== "number" || !Number.isInteger(slots) || slots < -1)
      throw new Error(`${file}: pool ${name} needs "slots", an integer of at least -1`);
    return {
      name,
      slots,
      description: typeof description === "string" ? description : "",
      include_deferred: deferred === true,
    };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
