/**
 * @module `airflare version`: of this project.
 */
import packageJson from "../../../package.json" with { type: "json" };
import type { Command } from "../command.ts";

export const version: Command = {
  usage: "version",
  summary: "print the version",
  async run({ print }) {
    print(packageJson.version);
  },
};
