/**
 * @module Entry of the command `airflare`.
 */
import process from "node:process";
import { runCli } from "./run-cli.ts";

const code = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  print: (line) => process.stdout.write(`${line}\n`),
  printError: (line) => process.stderr.write(`${line}\n`),
});
// A script that the command ran has set its own.
process.exitCode ||= code;
