/**
 * @module `airflare pools set`: creates a pool or changes its slots and description; running tasks go on.
 */
import { parseArgs } from "node:util";
import type { Command } from "../../command.ts";
import { poolLine, setPool } from "./pool.ts";

export const poolsSet: Command = {
  usage: "pools set <name> <slots> <description> [--include-deferred]",
  summary: "create or change a pool; -1 slots = unlimited",
  async run({ api, args, print }) {
    const flag = "--include-deferred";
    // Not `parseArgs` alone: a negative number is no option.
    const { positionals } = parseArgs({
      args: ["--", ...args.filter((arg) => arg !== flag)],
      allowPositionals: true,
    });
    const [name, slots = "", description = "", ...more] = positionals;
    if (name === undefined || !/^(-1|\d+)$/.test(slots) || more.length > 0)
      throw new Error(`usage: airflare ${poolsSet.usage}`);
    const pool = { name, slots: Number(slots), description, include_deferred: args.includes(flag) };
    print(poolLine(await setPool(api, pool)));
  },
};
