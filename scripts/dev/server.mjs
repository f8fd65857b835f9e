/**
 * @module The local deployment: index and bundle, local workerd through the Miniflare API, migrations, cron ticks.
 *
 * Miniflare starts workerd again when it dies; objects, alarms, D1 and R2 live in the state folder. No tracing and no proxy Worker in front: both cost more than a task.
 */
import path from "node:path";
import process from "node:process";
import { createDagIndexGenerator } from "../dag-index/generator.mjs";
import { listDagFiles } from "../dag-index/list-dag-files.mjs";
import { IDLE_REASON } from "./close-when-idle.mjs";
import { passConnections } from "./front.mjs";
import { guardWorkerd } from "./guard-workerd.mjs";
import { startTicking } from "./tick.mjs";
import { createWorkerBundler } from "./worker-bundle.mjs";

const ASSETS_WORKER = "airflare-assets";
const NO_CODE = { type: "ESModule", path: "assets.js", contents: "export default {};" };

/**
 * Above this many DAGs no object keeps a schedule alarm: thousands of alarms in one second would open all their objects at once, three files each. The
 * ticks then start the schedules, in pages. Deployed, every object has its alarm.
 */
const OWN_ALARMS_DAGS_MAX = 1_000;

/** Starts everything; resolves when workerd answers and D1 is migrated. */
export async function startServer(settings) {
  // Read by wrangler and miniflare when they load.
  process.env["X_LOCAL_OBSERVABILITY"] = "false";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  const [{ Miniflare }, { applyMigrations }] = await Promise.all([import("miniflare"), import("./migrations.mjs")]);

  const indexFile = path.join(settings.stateFolder, "generated/dags.ts");
  const generator = createDagIndexGenerator({ ...settings, outFile: indexFile });
  const bundler = await createWorkerBundler({ ...settings, indexFile });
  let index = await generator.generate();
  let bundle = await bundler.build();
  const optionsOf = await miniflareOptions(settings);
  const optionsFor = (code) => optionsOf(code, clockOf(settings, index.dagIds.length));
  guardWorkerd();
  passConnections(settings.listener, settings.workerdPort);
  const miniflare = new Miniflare(optionsFor(bundle.code));
  await miniflare.ready;
  await applyMigrations(await miniflare.getD1Database("DB"), path.join(settings.projectFolder, "migrations"));
  const stopTicking = settings.tick ? startTicking(settings.url) : () => {};

  return {
    index: () => index,
    /** Local bindings, for showing what a run left behind. */
    miniflare,
    async watched() {
      const files = await listDagFiles(settings.dagFolder).catch(() => []);
      const configs = ["airflare.config.ts", "../airflare.config.ts"];
      const inDagFolder = [...files, ...configs, ...index.inputs].map((file) => path.resolve(settings.dagFolder, file));
      return [...new Set([...inDagFolder, ...bundle.inputs])].filter((file) => file !== indexFile);
    },
    /** Answers whether a new bundle went live. */
    async reload() {
      index = await generator.generate();
      const next = await bundler.build();
      if (next.code === bundle.code) return false;
      await miniflare.setOptions(optionsFor(next.code));
      bundle = next;
      return true;
    },
    async stop() {
      stopTicking();
      settings.listener.close();
      await Promise.allSettled([miniflare.dispose(), bundler.dispose()]);
    },
  };
}

/** Who starts schedules: the objects' alarms, or the ticks. */
function clockOf({ tick }, dags) {
  if (!tick || dags <= OWN_ALARMS_DAGS_MAX) return {};
  process.stdout.write(`${dags} DAGs: schedules start with the tick of their minute, not to the second\n`);
  return { AIRFLARE_TICK: "0" };
}

/** Bindings as wrangler.toml has them, with local storage and secrets; answers the options for a bundle and further variables. */
async function miniflareOptions(settings) {
  const [{ convertV4MiniflareOptions, Log, LogLevel }, { unstable_getMiniflareWorkerOptions }] = await Promise.all([
    import("miniflare"),
    import("wrangler"),
  ]);
  const config = path.join(settings.projectFolder, "wrangler.toml");
  const { workerOptions, externalWorkers } = unstable_getMiniflareWorkerOptions(config);
  const { modulesRules: _rules, assets, ...worker } = workerOptions;
  const bindings = {
    ...worker.bindings,
    RUN_WORKER_FIRST: assets.routerConfig.static_routing.user_worker,
    ...settings.vars,
    AIRFLARE_SECRET_KEY: settings.secrets.secretKey,
    AIRFLARE_ADMIN_PASSWORD: settings.secrets.adminPassword,
  };
  return (code, vars) =>
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      cf: false,
      log: new Log(LogLevel.WARN),
      logRequests: false,
      resourcePersistencePath: path.join(settings.stateFolder, "state"),
      unsafeObservability: false,
      unsafeLocalExplorer: false,
      handleStructuredLogs: writeLog,
      unsafeHandleRuntimeRestart: () => process.stdout.write("workerd ended and was started again\n"),
      workers: [
        {
          ...worker,
          name: worker.name ?? "airflare",
          bindings: { ...bindings, ...vars },
          serviceBindings: { ...worker.serviceBindings, ASSETS: ASSETS_WORKER },
          // No Worker in front of ours: see local-worker.mjs.
          unsafeDirectSockets: [{ host: "127.0.0.1", port: settings.workerdPort }],
          modules: [{ type: "ESModule", path: "worker.js", contents: code }],
        },
        { name: ASSETS_WORKER, compatibilityDate: worker.compatibilityDate, assets, modules: [NO_CODE] },
        ...externalWorkers,
      ],
    });
}

/** What workerd logs, but not that an idle object was closed, nor that its next life has set its alarm anew. */
function writeLog({ level, message }) {
  if (message.includes(IDLE_REASON) || message.startsWith("NOSENTRY SQLite alarm handler canceled")) return;
  (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
}
