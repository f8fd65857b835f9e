/**
 * @module Every command of the CLI. A new one is a file under `commands/` and a line here.
 */
import type { Command } from "./command.ts";
import { dagsList } from "./commands/dags/list.ts";
import { dagsNextExecution } from "./commands/dags/next-execution.ts";
import { dagsPause, dagsUnpause } from "./commands/dags/pause.ts";
import { dagsTrigger } from "./commands/dags/trigger.ts";
import { dbRebuildHistory } from "./commands/db/rebuild-history.ts";
import { deploy, start } from "./commands/script.ts";
import { poolsDelete } from "./commands/pools/delete.ts";
import { poolsExport, poolsImport } from "./commands/pools/files.ts";
import { poolsGet } from "./commands/pools/get.ts";
import { poolsList } from "./commands/pools/list.ts";
import { poolsSet } from "./commands/pools/set.ts";
import { version } from "./commands/version.ts";

/** By the words that name the command. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  start,
  deploy,
  "dags list": dagsList,
  "dags trigger": dagsTrigger,
  "dags pause": dagsPause,
  "dags unpause": dagsUnpause,
  "dags next-execution": dagsNextExecution,
  "pools list": poolsList,
  "pools get": poolsGet,
  "pools set": poolsSet,
  "pools delete": poolsDelete,
  "pools export": poolsExport,
  "pools import": poolsImport,
  "db rebuild-history": dbRebuildHistory,
  version,
};
