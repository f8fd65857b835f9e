/**
 * @module Commands of users and of other objects on a run: start, cancel, mark, clear, note, XCom changes, answers of watches, lost attempts.
 */
import { deleteXCom, hasXCom, writeXComs } from "./xcom-rows.ts";
import { instanceOf, viewsOf } from "./reads.ts";
import type { RunCommand, RunCommandAnswer } from "../../model/protocol.ts";
import { AirflareError } from "../../model/error.ts";
import { redeliverNotice } from "./notices.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunEvent } from "../../model/event.ts";
import type { RunHost } from "./host.ts";
import { selectForClear, selectForMark } from "../../engine/dag-run/select.ts";
import { writeBook } from "./commit.ts";
import { specOfText } from "../spec-texts.ts";
import { writeFixed } from "./storage.ts";

/** Carries out one command. `dag_run_not_found` when there is no run; a repeat with the same call id changes nothing and answers the same instances. */
export function command(host: RunHost, callId: string, order: RunCommand): RunCommandAnswer {
  const live = host.live();
  if (live === null) throw new AirflareError("dag_run_not_found", "There is no such run (any more).");
  const stored = live.calls.get(callId);
  if (stored !== undefined) return answer(host, live, stored.touched ?? []);
  if (order.kind === "set-xcom" || order.kind === "delete-xcom") return changeXCom(host, live, callId, order);
  if (order.kind === "redeliver") return redeliver(host, live, callId, order.noticeId);
  if (order.kind === "slots-granted") return takeGrants(host, live, order);
  const selected = selectedOrds(live, order);
  if ((order.kind === "clear" || order.kind === "mark") && order.dryRun) return answer(host, live, selected ?? []);
  const { instances } = host.apply(live, eventOf(order), {
    also: (result, now) => {
      const touched = selected ?? result.instances;
      live.calls.put(callId, { tokens: [], stale: [], touched }, now, now + host.leases.runningMs);
      if (order.kind === "reprocess") writeFixed(host.sql, live.run, JSON.stringify(live.run.spec));
      if (order.kind === "sync-spec") writeFixed(host.sql, live.run, order.specText);
    },
  });
  if (order.kind === "sync-spec") return answer(host, host.readAnew() ?? live, []);
  return answer(host, live, selected ?? instances);
}

/** What a clear or mark means, found before anything changes: an unknown task is refused here. Null for other commands. */
function selectedOrds(live: LiveRun, order: RunCommand): readonly number[] | null {
  if (order.kind === "clear") return selectForClear(live.run, order.options);
  return order.kind === "mark" ? selectForMark(live.run, order.options) : null;
}

function eventOf(
  order: Exclude<RunCommand, { kind: "set-xcom" | "delete-xcom" | "redeliver" | "slots-granted" }>,
): RunEvent {
  switch (order.kind) {
    case "start":
      return { kind: "run-started" };
    case "cancel":
      return { kind: "run-cancelled", by: order.by };
    case "reprocess":
      return { kind: "run-reprocessed", backfillId: order.backfillId, conf: order.conf };
    case "sync-spec":
      return { kind: "spec-synced", spec: specOfText(order.specText), specHash: order.specHash };
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
    case "wake":
      return { kind: "task-instance-woken", taskId: order.taskId, mapIndex: order.mapIndex };
    case "lost":
      return { kind: "attempts-lost", tokens: order.tokens, reason: order.reason };
  }
}

/** A limit's object brings slots. No answer is kept: each grant names its acquisition, so a repeat changes nothing. */
function takeGrants(
  host: RunHost,
  live: LiveRun,
  { incarnation, word }: Extract<RunCommand, { kind: "slots-granted" }>,
): RunCommandAnswer {
  if (live.run.head.incarnation !== incarnation)
    throw new AirflareError("dag_run_not_found", "The run that asked for these slots was deleted.");
  host.apply(live, { kind: "slots-answered", words: [word] });
  return answer(host, live, []);
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
  return changeRows(host, live, callId, ord, (now) => {
    if (order.kind === "delete-xcom") deleteXCom(host.sql, ord, key);
    else writeXComs(host.sql, [{ ord, xcoms: [{ key, value: order.value }] }], now);
  });
}

function redeliver(host: RunHost, live: LiveRun, callId: string, noticeId: string): RunCommandAnswer {
  const now = host.now(live);
  host.sql.transactionSync<void>(() => {
    redeliverNotice(host, live, noticeId);
    live.calls.put(callId, { tokens: [], stale: [], touched: [] }, now, now + host.leases.runningMs);
    writeBook(host.sql, live);
  });
  host.noticesChanged(live);
  return answer(host, live, []);
}

/** A change of rows that the engine has no say in. */
function changeRows(
  host: RunHost,
  live: LiveRun,
  callId: string,
  ord: number,
  write: (now: number) => void,
): RunCommandAnswer {
  const now = host.now(live);
  host.sql.transactionSync<void>(() => {
    write(now);
    live.calls.put(callId, { tokens: [], stale: [], touched: [ord] }, now, now + host.leases.runningMs);
    writeBook(host.sql, live);
  });
  return answer(host, live, [ord]);
}
