/**
 * @module The local deployment behind `npm start`: index, bundle, state, local workerd, ticks, a demo run on the first start, live DAG files.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { startServer } from "./server.mjs";
import { readSettings } from "./settings.mjs";
import { showDemo } from "./demo.mjs";
import { watchFiles } from "./watch.mjs";

const projectFolder = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

async function main() {
  const settings = await readSettings(projectFolder, process.env);
  const server = await startServer(settings);
  endWith(server);
  describe(settings, server);
  watchFiles(
    () => server.watched(),
    () => reload(server),
  );
  if (settings.demo) await showDemo(settings, server);
  process.stdout.write(`ready ${settings.url}\n`);
}

function describe(settings, server) {
  const { dagIds, importErrors } = server.index();
  process.stdout.write(
    `DAG folder ${settings.dagFolder}: ${dagIds.length} DAGs, ${importErrors.length} import errors\n`,
  );
  for (const { file, message } of importErrors) process.stdout.write(`import error in ${file}: ${message}\n`);
  process.stdout.write(`state folder ${settings.stateFolder}\n`);
  process.stdout.write(`user admin, password ${settings.secrets.adminPassword}\n`);
}

/** A broken save is shown and leaves the last good deployment running. */
async function reload(server) {
  try {
    const before = new Map(server.index().importErrors.map(({ file, message }) => [file, message]));
    const changed = await server.reload();
    if (changed) process.stdout.write(`reloaded: ${server.index().dagIds.length} DAGs\n`);
    for (const { file, message } of server.index().importErrors) {
      if (before.get(file) !== message) process.stdout.write(`import error in ${file}: ${message}\n`);
    }
  } catch (error) {
    process.stderr.write(`not reloaded: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** Ends workerd with this process: on a signal, and when the launcher that started it is gone. */
function endWith(server) {
  let ending = false;
  const end = async (code) => {
    if (ending) return;
    ending = true;
    await server.stop();
    process.exit(code);
  };
  process.on("SIGINT", () => end(130));
  process.on("SIGTERM", () => end(143));
  process.on("SIGHUP", () => end(129));
  if (process.channel) process.on("disconnect", () => end(0));
  endWithNpm(end);
}

/** An npm that was killed cannot pass the signal on; its child finds itself with another parent. */
function endWithNpm(end) {
  const parent = process.ppid;
  if (process.env["npm_lifecycle_event"] === undefined) return;
  setInterval(() => process.ppid !== parent && end(0), 1000).unref();
}

main().catch((error) => {
  process.stderr.write(`airflare: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
