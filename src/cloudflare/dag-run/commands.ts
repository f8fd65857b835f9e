/**
 * @module Commands of users and of other objects on a run: start, cancel, mark, clear, note, XCom changes, answers of watches, lost attempts.
 */
import { deleteXCom, hasXCom, writeXComs } from "./xcom-rows.ts";
import { instanceOf, viewsOf } from "./reads.ts";
import type { RunCommand, RunCommandAnswer } from "../../model/protocol.ts";
import { AirflareError } from "../../model/error.ts";
import type { LiveRun } from "./live-run.ts";
import { loadedRun } from "./live-run.ts";
import type { RunEvent } from "../../model/event.ts";
import type { RunHost } from "./host.ts";
import { step } from "../../engine/dag-run/step.ts";
import { writeBook } from "./commit.ts";

/** Carries out one command. `dag_run_not_found` when there is no run; a repeat with the same call id changes nothing and answers the same instances. */
export function command(host: RunHost, callId: string, order: RunCommand): RunCommandAnswer {
  const live = host.live();
  if (live === null) throw new AirflareError("dag_run_not_found", "There is no such run (any more).");
  const stored = live.calls.get(callId);
  if (stored !== undefined) return answer(host, live, stored.touched ?? []);
  if (order.kind === "set-xcom" || order.kind === "delete-xcom") return changeXCom(host, live, callId, order);
  if ((order.kind === "clear" || order.kind === "mark") && order.dryRun)
    return answer(host, live, previewedOrds(host, live, eventOf(order)));
  const { instances } = host.apply(live, eventOf(order), {
    also: (result, now) =>
      live.calls.put(callId, { tokens: [], stale: [], touched: result.instances }, now, now + host.leases.runningMs),
  });
  return answer(host, live, instances);
}

function eventOf(order: Exclude<RunCommand, { kind: "set-xcom" | "delete-xcom" }>): RunEvent {
  switch (order.kind) {
    case "start":
      return { kind: "run-started" };
    case "cancel":
      return { kind: "run-cancelled", by: order.by };
    case "mark-run":
      return { kind: "run-marked", state: order.state, by: order.by };
    case "clear":
      return { kind: "task-instances-cleared", options: order.options };
    case "mark":
      return { kind: "task-instances-marked", options: order.options, by: order.by };
    case "note":
      return { kind: "note-set", select: order.select, note: order.note };
    case "watched-state":
      return { kind: "watched-state", watchId: order.watchId, passed: order.passed, reason: order.reason };
    case "lost":
      return { kind: "attempts-lost", tokens: order.tokens, reason: order.reason };
  }
}

/** What a command would touch, tried on a second copy of the run that is thrown away. */
function previewedOrds(host: RunHost, live: LiveRun, event: RunEvent): readonly number[] {
  const { run } = loadedRun(host.sql);
  return step(run, { event, now: host.now(live), seed: 1, leases: host.leases }).instances;
}

function answer(host: RunHost, live: LiveRun, ords: readonly number[]): RunCommandAnswer {
  const instances = ords.flatMap((ord) => live.run.instances[ord] ?? []);
  return { head: { ...live.run.head }, touched: viewsOf(host.sql, live, instances) };
}

function changeXCom(
  host: RunHost,
  live: LiveRun,
  callId: string,
  order: Extract<RunCommand, { kind: "set-xcom" | "delete-xcom" }>,
): RunCommandAnswer {
  const { taskId, mapIndex, key } = order;
  const { ord } = instanceOf(live, taskId, mapIndex);
  const exists = hasXCom(host.sql, ord, key);
  const what = `XCom ${key} of task ${taskId}, map index ${mapIndex}, run ${live.run.head.runId}`;
  if (order.kind === "set-xcom" && order.create && exists)
    throw new AirflareError("xcom_already_exists", `${what} exists already: update it instead.`);
  if (!exists && !(order.kind === "set-xcom" && order.create))
    throw new AirflareError("xcom_not_found", `${what} does not exist.`);
  const now = host.now(live);
  host.sql.transactionSync<void>(() => {
    if (order.kind === "delete-xcom") deleteXCom(host.sql, ord, key);
    else writeXComs(host.sql, ord, [{ key, value: order.value }], now);
    live.calls.put(callId, { tokens: [], stale: [], touched: [ord] }, now, now + host.leases.runningMs);
    writeBook(host.sql, live);
  });
  return answer(host, live, [ord]);
}
