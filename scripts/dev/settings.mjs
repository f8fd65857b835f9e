/**
 * @module What the environment says about a local start: port, folders, secrets, switches. All of it is settled here, before anything starts.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { freePort, listenOnPort } from "./port.mjs";
import { lockState } from "./state-lock.mjs";

/**
 * Reads `PORT`, `AIRFLARE_STATE`, `AIRFLARE_DAGS`, `AIRFLARE_ADMIN_PASSWORD`, `AIRFLARE_DEMO`, `AIRFLARE_TICK`, `AIRFLARE_LEASE_SCALE`, `AIRFLARE_HAND_OFF`,
 * `AIRFLARE_CONN_*`, `AIRFLARE_VAR_*`.
 * Throws an error that names the remedy: a taken explicit port, a state folder in use.
 */
export async function readSettings(projectFolder, env) {
  const stateFolder = path.resolve(env["AIRFLARE_STATE"] ?? path.join(projectFolder, ".airflare"));
  const dagFolder = path.resolve(env["AIRFLARE_DAGS"] ?? path.join(projectFolder, "dags"));
  await fs.mkdir(stateFolder, { recursive: true });
  await lockState(stateFolder);
  const listener = await listenOnPort(env["PORT"]);
  const tick = env["AIRFLARE_TICK"] !== "0";
  return {
    projectFolder,
    stateFolder,
    dagFolder,
    /** Holds the public port from now on; connections wait until `passConnections`. */
    listener,
    url: `http://127.0.0.1:${listener.address().port}`,
    workerdPort: await freePort(),
    tick,
    demo: env["AIRFLARE_DEMO"] !== "0",
    secrets: await localSecrets(stateFolder, env["AIRFLARE_ADMIN_PASSWORD"]),
    vars: {
      AIRFLARE_LOCAL: "1",
      AIRFLARE_QUEUE_HOLD: "0",
      ...(tick ? {} : { AIRFLARE_TICK: "0" }),
      ...pick(env, ["AIRFLARE_LEASE_SCALE", "AIRFLARE_HAND_OFF"]),
      // Connections and variables, as a deployed Worker has them as secrets.
      ...pick(
        env,
        Object.keys(env).filter((name) => /^AIR(FLARE|FLOW)_(CONN|VAR)_/.test(name)),
      ),
    },
  };
}

function pick(env, names) {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

/** Made on the first start and kept in the state folder; a password of the environment wins and is not stored. */
async function localSecrets(stateFolder, password) {
  const file = path.join(stateFolder, "secrets.json");
  const kept = await fs.readFile(file, "utf8").catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  const random = () => randomBytes(32).toString("base64url");
  const secrets = kept === null ? { secretKey: random(), adminPassword: random().slice(0, 20) } : JSON.parse(kept);
  if (kept === null) await fs.writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return { ...secrets, ...(password === undefined || password === "" ? {} : { adminPassword: password }) };
}
