/**
 * @module `airflare pools list`: every pool with its slots and how many are used and wanted.
 */
import type { Command } from "../../command.ts";
import { allPools, poolLine } from "./pool.ts";

export const poolsList: Command = {
  usage: "pools list",
  summary: "list the pools with their slots",
  async run({ api, print }) {
    for (const pool of await allPools(api)) print(poolLine(pool));
  },
};
