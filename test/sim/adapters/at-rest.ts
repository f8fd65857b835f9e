/**
 * @module What must hold when a deployment has come to rest, and what a run came to, for comparison with another one.
 */
import type { Sql, SqlRow } from "../../../src/cloudflare/dag-run/sql.ts";
import { readRun } from "../../../src/cloudflare/dag-run/storage.ts";
import { ordsWithXComs, readXComsOf } from "../../../src/cloudflare/dag-run/xcom-rows.ts";
import { decode } from "../../../src/lib/codec.ts";
import { FINISHED_RUN_STATES, FINISHED_STATES } from "../../../src/model/state.ts";
import type { DagRunApi } from "../../../src/model/protocol.ts";
import { Violation } from "../invariants.ts";
import type { Deployment } from "./deployment.ts";
import type { ObjectStorage } from "./object-storage.ts";

type Views = Awaited<ReturnType<DagRunApi["readTaskInstances"]>>["views"];

/** What a run came to. Keys are `task[map index]`. */
export interface Ending {
  readonly state: string;
  readonly endReason: string | null;
  readonly states: Readonly<Record<string, string>>;
  readonly tries: Readonly<Record<string, number>>;
  readonly xcoms: Readonly<Record<string, unknown>>;
}

/** What cannot be asked of a run. */
export interface Lenience {
  /** An alarm was lost. */
  readonly alarmLost: boolean;
  /** A user cancelled or cleared: instances need not have an end. */
  readonly touched: boolean;
}

const NONE: Lenience = { alarmLost: false, touched: false };

/** Throws {@link Violation} unless the run has ended, owes nothing and the history has it as it is. */
export function checkRest(deployment: Deployment, dagId: string, runId: string, lenience = NONE): void {
  const { storage } = deployment.object(dagId, runId);
  const { head, instances } = storedRun(storage);
  const must = (holds: boolean, message: string): void => {
    if (!holds) throw new Violation(`${runId}: ${message}`);
  };
  must(deployment.violations.length === 0, `limits were broken: ${deployment.violations.join("; ")}`);
  // Reopened by a user, and the push that tells so was refused: the DAG's object takes the run for ended.
  if (lenience.alarmLost && lenience.touched) return;
  must(FINISHED_RUN_STATES.has(head.state), `I5: never ended, it is ${head.state}`);
  for (const { ord, state, nonce } of instances) {
    must(FINISHED_STATES.has(state) || lenience.touched, `I1: ord ${ord} is ${state} at rest`);
    must(nonce === 0, `I10: ord ${ord} has an open attempt at rest`);
  }
  must(storage.read("SELECT id FROM outbox").length === 0, "I10: outbox rows at rest");
  must(storage.alarmAt === null, "I10: an alarm at rest");
  const history = deployment.dag.history.get(runId);
  const known = { ...history?.head, lastNow: 0 };
  must(equal(known, { ...head, lastNow: 0 }), `I7: the history has ${JSON.stringify(known)}`);
  for (const instance of instances) {
    const row = history?.instances.get(instance.ord);
    const { nonce: _nonce, task, ...numbers } = instance;
    const same =
      row !== undefined && Object.entries(numbers).every(([name, value]) => Reflect.get(row, name) === value);
    must(same, `I7: the history has ${JSON.stringify(row)} for ${JSON.stringify({ task, ...numbers })}`);
  }
  const tries = storage.read("SELECT v FROM try").length;
  must(history?.tries.size === tries, `I7: the history has ${history?.tries.size} tries of ${tries}`);
}

/** Reads what a run came to through the object's own calls, from a new instance. */
export async function endingOf(deployment: Deployment, dagId: string, runId: string): Promise<Ending> {
  const object = deployment.object(dagId, runId);
  object.reset();
  const { head } = storedRun(object.storage);
  const listed = (await object.invoke("readTaskInstances", [{ offset: 0, limit: 1_000 }])) as { views: Views };
  const states: Record<string, string> = {};
  const tries: Record<string, number> = {};
  for (const { taskId, mapIndex, state, tryNumber } of listed.views) {
    states[`${taskId}[${mapIndex}]`] = state;
    tries[`${taskId}[${mapIndex}]`] = tryNumber;
  }
  return {
    state: head.state,
    endReason: head.endReason,
    states,
    tries,
    xcoms: storedXComs(deployment, object.storage),
  };
}

function storedXComs(deployment: Deployment, storage: ObjectStorage): Record<string, unknown> {
  const { spec, instances } = storedRun(storage);
  const xcoms: Record<string, unknown> = {};
  const sql = readOnlySql(storage);
  for (const ord of ordsWithXComs(sql, 0, instances.length)) {
    const instance = instances[ord];
    const taskId = spec.tasks[instance?.task ?? -1]?.taskId;
    for (const { key, value } of readXComsOf(sql, ord, null, null, 1_000)) {
      const text =
        value.in === "inline" ? value.text : Buffer.from(deployment.bucket.stored.get(value.key) ?? []).toString();
      xcoms[`${taskId}[${instance?.mapIndex}].${key}`] = decode(text);
    }
  }
  return xcoms;
}

/** The rows as the real storage reads them. */
export function storedRun(storage: ObjectStorage): ReturnType<typeof readRun> {
  return readRun(readOnlySql(storage));
}

function readOnlySql(storage: ObjectStorage): Sql {
  return {
    exec: (statement, ...bindings) => storage.read(statement, ...bindings) as SqlRow[],
    transactionSync: (work) => work(),
    rowsWritten: 0,
  };
}

function equal(left: object, right: object): boolean {
  return JSON.stringify(Object.entries(left).toSorted()) === JSON.stringify(Object.entries(right).toSorted());
}
