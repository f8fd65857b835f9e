/**
 * @module The API's ports over the Worker's bindings, for one request.
 */
import { driveFromHttp, httpOffer } from "../cloudflare/task-queue/drive.ts";
import { d1History, d1Page } from "./d1-history.ts";
import {
  deleteConnection,
  getConnection,
  listConnections,
  setConnection,
  tryConnection,
} from "../cloudflare/connections.ts";
import { deleteVariable, getVariable, listVariables, setVariable } from "../cloudflare/variables.ts";
import {
  dagOfBackfill,
  listBackfills,
  releaseBackfill,
  reserveBackfill,
} from "../cloudflare/history/queries/backfills.ts";
import {
  dagOfSchedule,
  listSchedules,
  releaseSchedule,
  reserveSchedule,
} from "../cloudflare/history/queries/schedules.ts";
import { deletePool, listPools, readPool, setPool } from "../cloudflare/pools.ts";
import { dagRunObjectName } from "../model/ids.ts";
import { deleteRunObjects } from "../cloudflare/run-objects.ts";
import { syncDeployment } from "../cloudflare/deploy-sync.ts";
import { isTimetable, manualInterval } from "../dag/custom-timetable.ts";
import { loadDag } from "../dag/dag-registry.ts";
import { objectStore } from "../cloudflare/object-store.ts";
import { readSpec } from "../cloudflare/spec-store.ts";
import { rebuildPage } from "../cloudflare/upkeep/rebuild.ts";
import type { ApiPorts } from "./ports.ts";
import type { DagIndex } from "../dag/dag-index.ts";
import type { DagRunApi } from "../model/protocol.ts";
import { hasMetrics } from "../cloudflare/env.ts";
import type { Env } from "../cloudflare/env.ts";
import { readMetrics } from "../cloudflare/metrics/read-metrics.ts";

export function cloudflarePorts(env: Env, index: DagIndex, waitUntil: (work: Promise<unknown>) => void): ApiPorts {
  const objects = objectStore(env.OBJECTS);
  return {
    now: () => Date.now(),
    randomId: () => crypto.randomUUID(),
    history: d1History(env.DB),
    objects,
    variables: {
      get: (key) => getVariable(env, key),
      set: (entry) => setVariable(env, entry, Date.now()),
      delete: (key) => deleteVariable(env, key),
      list: (keyPattern, page) => listVariables(env, { keyPattern }, d1Page(page)),
    },
    tryConnection: (entry) => tryConnection(env, entry),
    connections: {
      get: (id) => getConnection(env, id),
      set: (entry) => setConnection(env, entry, Date.now()),
      delete: (id) => deleteConnection(env, id),
      list: (idPattern, page) => listConnections(env, { idPattern }, d1Page(page)),
    },
    pools: {
      get: (name) => readPool(env, name),
      set: (entry) => setPool(env, entry, Date.now()),
      delete: (name) => deletePool(env, name),
      list: (namePattern, page, namePrefix) => listPools(env, { namePattern, namePrefix }, d1Page(page)),
    },
    metrics: async () => (hasMetrics(env) ? await readMetrics(env, Date.now()) : null),
    backfills: {
      reserve: (dagId, request, now) => reserveBackfill(env.DB, dagId, request, now),
      release: (id) => releaseBackfill(env.DB, id),
      dagOf: (id) => dagOfBackfill(env.DB, id),
      list: (dagId, page) => listBackfills(env.DB, dagId, d1Page(page)),
    },
    schedules: {
      reserve: (id, dagId, now) => reserveSchedule(env.DB, id, dagId, now),
      release: (id, dagId) => releaseSchedule(env.DB, id, dagId),
      dagOf: (id) => dagOfSchedule(env.DB, id),
      list: (filter, page) => listSchedules(env.DB, filter, d1Page(page)),
    },
    dag: (dagId) => env.DAG.getByName(dagId),
    run: (dagId, runId): DagRunApi => env.DAG_RUN.getByName(dagRunObjectName(dagId, runId)),
    loadSpec: async (dagId) => (await loadDag(index, dagId)).spec,
    inferInterval: async (dagId, at) => {
      const { timetable } = await loadDag(index, dagId);
      return isTimetable(timetable) ? manualInterval(timetable, dagId, at) : null;
    },
    storedSpec: (specHash) => readSpec(env.OBJECTS, specHash),
    rebuildHistory: (order) => rebuildPage(env, index, order),
    syncDeploy: () => syncDeployment(env, index),
    deleteObjects: (run) => deleteRunObjects(objects, run),
    // The deployment's setting turns hand-off off altogether: every attempt then goes through the queue.
    offer: (now) => (env.AIRFLARE_HAND_OFF === "0" ? null : httpOffer(now)),
    drive: (batch) => void driveFromHttp(env, { waitUntil }, index, batch),
    secrets: { adminPassword: env.AIRFLARE_ADMIN_PASSWORD, secretKey: env.AIRFLARE_SECRET_KEY },
  };
}
