/**
 * @module `airflare pools delete`: tasks that wait for the pool go on waiting, with the reason; those that run go on.
 */
import type { Command } from "../../command.ts";
import { poolPath } from "./pool.ts";

export const poolsDelete: Command = {
  usage: "pools delete <name>",
  summary: "delete a pool",
  async run({ api, args, print }) {
    const [name, ...more] = args;
    if (name === undefined || more.length > 0) throw new Error(`usage: airflare ${poolsDelete.usage}`);
    await api("DELETE", poolPath(name));
    print(`pool ${name} is deleted`);
  },
};
