/**
 * @module `airflare pools get`: one pool.
 */
import type { Command } from "../../command.ts";
import { poolLine, poolPath, type WirePool } from "./pool.ts";

export const poolsGet: Command = {
  usage: "pools get <name>",
  summary: "show a pool",
  async run({ api, args, print }) {
    const [name, ...more] = args;
    if (name === undefined || more.length > 0) throw new Error(`usage: airflare ${poolsGet.usage}`);
    print(poolLine((await api("GET", poolPath(name))) as WirePool));
  },
};
