/**
 * @module What a command of the CLI is. Each is a file under `commands/`, named after its words.
 */
import type { ApiClient } from "./api-client.ts";

interface CommandContext {
  /** Arguments behind the command's words. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints one line. */
  readonly print: (line: string) => void;
  /** The REST API at `AIRFLARE_URL` with `AIRFLARE_TOKEN`. */
  readonly api: ApiClient;
}

export interface Command {
  /** As typed: `dags trigger <dag_id> [--conf <json>]`. */
  readonly usage: string;
  readonly summary: string;
  /** Throws an `Error` whose message says what to do; the CLI prints it and ends with 1. */
  run(context: CommandContext): Promise<void>;
}
