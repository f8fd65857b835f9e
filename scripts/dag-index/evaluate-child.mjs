/**
 * @module Child process of the index generator: loads bundled DAG files one after another and sends what each defined.
 */
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [workFolder] = process.argv.slice(2);

/** Files of `bundleAuthoringApi`. */
const API_BUNDLE = /\/(airflare|dag-registry|chunk-[A-Z0-9]+)\.js/;

// The author's line may be far below the check that found the mistake.
Error.stackTraceLimit = 100;

const { collectDags } = await import(pathToFileURL(path.join(workFolder, "dag-registry.js")).href);

const send = (message) => new Promise((resolve) => process.send(message, resolve));

process.once("message", async (modules) => {
  for (const { file, modulePath } of modules) await send(await evaluate(file, modulePath));
  // A file may have left timers or sockets behind.
  process.exit(0);
});

/** What loading one file defines. A throw is data: text and stack, with places in the author's files. */
async function evaluate(file, modulePath) {
  try {
    const dags = await collectDags(() => import(pathToFileURL(modulePath).href), file);
    return { file, dags: dags.map(({ id, specHash }) => ({ dagId: id, specHash })), error: null };
  } catch (thrown) {
    return { file, dags: [], error: errorText(thrown) };
  }
}

/** Message and places in the author's files. Nothing in it may differ between two machines: it is part of the deployment's hash. */
function errorText(thrown) {
  if (!(thrown instanceof Error)) return `threw ${String(thrown)}`;
  const places = (thrown.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && line.includes(workFolder) && !API_BUNDLE.test(line))
    .map((line) => line.replaceAll(`${pathToFileURL(workFolder).href}/`, "").replaceAll(workFolder + path.sep, ""));
  return [`${thrown.name}: ${thrown.message}`, ...places].join("\n");
}
