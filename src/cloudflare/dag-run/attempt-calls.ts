/**
 * @module The calls of drivers: create with hand-off, claim, report, heartbeat, once. A repeated call (same `callId`) gets the stored answer;
 * an unknown incarnation or a wrong token changes nothing.
 */
import { attemptBatch, openOrd, runningOrds, tokenOf } from "./claims.ts";
import { insertOnce, readOnce } from "./storage.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  CreateDagRunAnswer,
  CreateDagRunRequest,
  DagRunPort,
  HeartbeatAnswer,
  HeartbeatRequest,
  ReportAnswer,
  ReportRequest,
} from "../../model/protocol.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { AirflareError } from "../../model/error.ts";
import { appendLog } from "./log-rows.ts";
import type { AttemptReport } from "../../model/outcome.ts";
import { parseAttemptToken, type AttemptToken, type Incarnation } from "../../model/ids.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunHost } from "./host.ts";
import type { TriesOfTokens } from "./commit.ts";

/** A value kept by `ctx.once` is one row. */
const ONCE_CHARACTERS_MAX = 200_000;

/** Creates the run, or answers for the one of the same incarnation; `run_already_exists` when another one lives here. */
export function createRun(host: RunHost, request: CreateDagRunRequest): CreateDagRunAnswer {
  const { dagId, runId, incarnation } = request.head;
  const callId = `create:${incarnation}`;
  const existing = host.live();
  if (existing === null) {
    const { live, next } = host.create({ ...request, specText: specTextOf(request) }, callId);
    return { head: { ...live.run.head }, next };
  }
  if (existing.run.head.incarnation !== incarnation)
    throw new AirflareError(
      "run_already_exists",
      `DAG ${dagId} has a run ${runId} already: delete it first, or trigger with another run id.`,
      { details: { dagId, runId } },
    );
  const tokens = existing.calls.get(callId)?.tokens ?? [];
  const next = attemptBatch(host, existing, runningOrds(existing, tokens));
  return { head: { ...existing.run.head }, next };
}

/** The build before passed the spec as a tree: a call from it in the midst of a deploy must not lose its run. */
function specTextOf(request: CreateDagRunRequest): string {
  const { specText, spec }: { readonly specText?: string; readonly spec?: DagSpec } = request;
  return specText ?? JSON.stringify(spec);
}

export function claim(host: RunHost, request: ClaimRequest): ClaimAnswer {
  const live = lifeOf(host, request.incarnation);
  if (live === null) return { batch: null, stale: request.tokens };
  const stored = live.calls.get(request.callId);
  if (stored !== undefined)
    return { batch: attemptBatch(host, live, runningOrds(live, stored.tokens)), stale: stored.stale };

  const claimed = (stale: readonly AttemptToken[]): AttemptToken[] =>
    request.tokens.filter((token) => !stale.includes(token));
  const { stale } = host.apply(
    live,
    { kind: "attempts-claimed", tokens: request.tokens },
    {
      also: (result, now) => {
        const answer = { tokens: claimed(result.stale), stale: result.stale };
        live.calls.put(request.callId, answer, now, now + host.leases.runningMs);
      },
    },
  );
  return { batch: attemptBatch(host, live, runningOrds(live, claimed(stale))), stale };
}

export function report(host: RunHost, request: ReportRequest): ReportAnswer {
  const tokens = request.reports.map((one) => one.token);
  const live = lifeOf(host, request.incarnation);
  if (live === null) return { stale: tokens, next: null, runState: "failed" };
  const stored = live.calls.get(request.callId);
  if (stored !== undefined) {
    const next = attemptBatch(host, live, runningOrds(live, stored.tokens));
    return { stale: stored.stale, next, runState: live.run.head.state };
  }
  const { stale, handOff } = host.apply(
    live,
    { kind: "attempts-finished", reports: request.reports },
    {
      offer: request.offer,
      tries: triesOf(live, tokens, request.reports),
      also: (result, now) => {
        const answer = { tokens: result.handOff.map((ord) => tokenOf(live, ord)), stale: result.stale };
        live.calls.put(request.callId, answer, now, now + host.leases.runningMs);
      },
    },
  );
  return { stale, next: attemptBatch(host, live, handOff), runState: live.run.head.state };
}

/** Extends leases and takes the log lines of running attempts; says which attempts must stop. */
export function heartbeat(host: RunHost, request: HeartbeatRequest): HeartbeatAnswer {
  const live = lifeOf(host, request.incarnation);
  if (live === null) return { stop: request.tokens };
  const tries = triesOf(live, request.tokens);
  const { stale } = host.apply(
    live,
    { kind: "attempts-heartbeat", tokens: request.tokens },
    {
      also: () => {
        for (const [token, tryNumber] of tries) {
          const ord = openOrd(live, token);
          if (ord === undefined) continue;
          const log = request.logs[token] ?? "";
          if (log !== "") appendLog(host.sql, ord, tryNumber, log);
        }
      },
    },
  );
  return { stop: stale };
}

/** The text stored under `key` of the attempt's task instance; with `text`, stores it unless one is there. Only the open attempt may ask. */
export function once(host: RunHost, request: Parameters<DagRunPort["once"]>[0]): string | null {
  const live = lifeOf(host, request.incarnation);
  const ord = live === null ? undefined : openOrd(live, request.token);
  if (ord === undefined)
    throw new AirflareError(
      "stale_attempt",
      "This attempt is over: its lease ended or the run was cancelled, cleared or deleted.",
    );
  const stored = readOnce(host.sql, ord, request.key);
  if (stored !== null || request.text === undefined) return stored;
  const { text } = request;
  if (text.length > ONCE_CHARACTERS_MAX)
    throw new AirflareError(
      "xcom_too_large",
      `The value of once("${request.key}") has ${text.length} characters, at most ${ONCE_CHARACTERS_MAX} are kept: store the data in a bucket and return its key.`,
    );
  host.sql.transactionSync<void>(() => insertOnce(host.sql, ord, request.key, text));
  return text;
}

/** The run if it is the life the caller means: a deleted and re-created run id is another one. */
function lifeOf(host: RunHost, incarnation: Incarnation): LiveRun | null {
  const live = host.live();
  return live?.run.head.incarnation === incarnation ? live : null;
}

/** Try numbers of the open attempts among `tokens`, as they are before the event, and of those that `reports` open. */
function triesOf(
  live: LiveRun,
  tokens: readonly AttemptToken[],
  reports: readonly AttemptReport[] = [],
): TriesOfTokens {
  const tries = new Map<AttemptToken, number>();
  for (const { continuedBy } of reports) {
    const follower =
      continuedBy === undefined ? undefined : live.run.instances[parseAttemptToken(continuedBy)?.ord ?? -1];
    if (continuedBy !== undefined && follower !== undefined) tries.set(continuedBy, follower.tryNumber + 1);
  }
  for (const token of tokens) {
    const ord = openOrd(live, token);
    const instance = ord === undefined ? undefined : live.run.instances[ord];
    if (instance !== undefined) tries.set(token, instance.tryNumber);
  }
  return tries;
}
