/**
 * @module What must hold when a time world has come to rest: runs, their objects and the history agree, and nobody owes anybody anything.
 */
import { Violation } from "../invariants.ts";
import { OPEN, type RunRow } from "./commit.ts";
import type { DagJudge } from "./dag-judge.ts";
import type { TimePlatform } from "./time-platform.ts";
import type { TimeUsers } from "./time-users.ts";

/** Throws {@link Violation}. */
export function checkTimeRest(
  platform: TimePlatform,
  judges: ReadonlyMap<string, DagJudge>,
  { accepted, deleted }: Pick<TimeUsers, "accepted" | "deleted">,
): void {
  must(platform.violations.length === 0, `limits were broken: ${platform.violations.join("; ")}`);
  for (const [dagId, judge] of judges) {
    judge.checkRest();
    const { storage } = platform.dag(dagId);
    for (const table of ["pending_create", "watch"])
      must(storage.read(`SELECT run_id FROM ${table}`).length === 0, `${dagId}: rows of ${table} at rest`);
    must(storage.alarmAt === null, `${dagId}: an alarm at ${storage.alarmAt} at rest`);
    const owed = ["backfill", "schedule"].flatMap((table) =>
      storage.read(`SELECT v FROM ${table} WHERE seq > mirrored_seq`),
    );
    must(owed.length === 0, `${dagId}: the history lacks ${JSON.stringify(owed)}`);
    const kept = [...judge.runs.values()].filter(({ runId }) => !deleted.has(`${dagId}/${runId}`));
    for (const run of kept) checkRun(platform, dagId, run, judge.confs.get(run.runId));
    checkHistory(platform, dagId, judge);
  }
  for (const { dagId, runId, incarnation } of accepted) {
    const run = judges.get(dagId)?.runs.get(runId);
    const isThere = run !== undefined && run.incarnation >= incarnation;
    must(isThere || deleted.has(`${dagId}/${runId}`), `the accepted run ${runId} is gone`);
  }
}

/** The run's object is this life of the run, and it has ended as the DAG's object has it. */
function checkRun(platform: TimePlatform, dagId: string, run: RunRow, conf: unknown): void {
  if (platform.realRuns.size > 0) return;
  const { head } = platform.fakeRun(dagId, run.runId);
  must(head !== null, `${run.runId} has no object`);
  must(head.incarnation === run.incarnation, `${run.runId} is another life than its object's`);
  must(head.state === run.state, `${run.runId} is ${run.state}, its object is ${head.state}`);
  must(head.runType === run.runType && head.logicalDate === run.logicalDate, `${run.runId} and its object differ`);
  if (head.generation > 0 || conf === undefined) return;
  must(JSON.stringify(head.conf) === JSON.stringify(conf ?? {}), `${run.runId} has conf ${JSON.stringify(head.conf)}`);
}

function checkHistory(platform: TimePlatform, dagId: string, judge: DagJudge): void {
  const rows = platform.database.read("SELECT dag_id, run_id, incarnation, run_type, logical_date, state FROM dag_run");
  const own = rows.filter((row) => row["dag_id"] === dagId);
  for (const row of own) {
    const run = judge.runs.get(String(row["run_id"]));
    if (run === undefined) continue;
    const isSame =
      row["incarnation"] === run.incarnation &&
      row["run_type"] === run.runType &&
      row["logical_date"] === run.logicalDate &&
      row["state"] === run.state;
    must(isSame, `the history has ${JSON.stringify(row)} for ${JSON.stringify(run)}`);
  }
  const known = new Set(own.map((row) => row["run_id"]));
  const missing = [...judge.runs.keys()].find((runId) => !known.has(runId));
  must(missing === undefined, `the history lacks ${missing}`);
  const [dag] = platform.database.read(
    `SELECT due_at, check_at, is_paused, spec_hash FROM dag WHERE dag_id = '${dagId}'`,
  );
  must(dag?.["due_at"] === null, `the history has ${dagId} due at ${String(dag?.["due_at"])}`);
  must(dag["is_paused"] === 0, `the history has ${dagId} paused`);
  must(dag["spec_hash"] === judge.specHash, `the history has ${dagId} as ${String(dag["spec_hash"])}`);
  must(
    [...judge.runs.values()].every(({ state }) => !OPEN.has(state)),
    "open runs",
  );
}

function must(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Violation(message);
}
