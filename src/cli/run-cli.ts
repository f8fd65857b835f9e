/**
 * @module Finds the command for the words typed and runs it.
 */
import { createApiClient } from "./api-client.ts";
import { COMMANDS } from "./commands.ts";

/** Answers the exit code: 0, 1 when the command failed, 2 when there is no such command. */
export async function runCli(options: {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}): Promise<number> {
  const { argv, env, print, printError } = options;
  const words = [argv.slice(0, 2).join(" "), argv[0] ?? ""].find((name) => Object.hasOwn(COMMANDS, name));
  const command = words === undefined ? undefined : COMMANDS[words];
  if (words === undefined || command === undefined) {
    const asked = argv.length === 0 || argv[0] === "--help" || argv[0] === "-h" || argv[0] === "help";
    (asked ? print : printError)(asked ? help() : `no command "${argv.slice(0, 2).join(" ")}"\n${help()}`);
    return asked ? 0 : 2;
  }
  const args = argv.slice(words.split(" ").length);
  if (args.includes("--help") || args.includes("-h")) {
    print(`airflare ${command.usage}\n${command.summary}`);
    return 0;
  }
  try {
    await command.run({ args, env, print, api: createApiClient(env) });
    return 0;
  } catch (error) {
    printError(`airflare: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function help(): string {
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  airflare ${usage.padEnd(32)}  ${summary}`);
  return [
    "Airflare",
    ...lines,
    "",
    "AIRFLARE_URL and AIRFLARE_TOKEN name the deployment that commands about DAGs talk to.",
  ].join("\n");
}
