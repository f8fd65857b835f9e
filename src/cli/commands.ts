/**
 * @module Every command of the CLI. A new one is a file under `commands/` and a line here.
 */
import type { Command } from "./command.ts";
import { dagsList } from "./commands/dags/list.ts";
import { dagsTrigger } from "./commands/dags/trigger.ts";
import { deploy, start } from "./commands/script.ts";
import { version } from "./commands/version.ts";

/** By the words that name the command. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  start,
  deploy,
  "dags list": dagsList,
  "dags trigger": dagsTrigger,
  version,
};
