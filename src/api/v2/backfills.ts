/**
 * @module Backfills: dry run, create, list, one, pause, unpause, cancel, and how far one is. The DAG's object has them; D1 knows which DAG's.
 */
import * as z from "zod/mini";
import type { BackfillAnswer, BackfillOrder } from "../../model/backfill.ts";
import type { DagId } from "../../model/ids.ts";
import { askDag, refusedError } from "../../runtime/ask-dag.ts";
import { boundedConf } from "../conf-size.ts";
import { HttpDetailError } from "../errors.ts";
import { pageRequest } from "../paging.ts";
import type { ApiApp } from "../ports.ts";
import { pathParam } from "../run-access.ts";
import type { ApiContext } from "../run-access.ts";
import {
  BackfillPostBody,
  backfillListQuery,
  backfillRequest,
  backfillResponse,
  dryRunResponse,
  progressResponse,
} from "../schemas/backfills.ts";
import { countIn } from "../schemas/wire-value.ts";
import { deployedHash } from "../trigger-run.ts";
import { check, readBody, readQuery } from "../validation.ts";

const BACKFILLS = "/api/v2/backfills";
const ORDER = { id: "id" };
const backfillPath = z.object({ backfill_id: countIn });

type Found = Extract<BackfillAnswer, { kind: "backfill" }>;

export function backfillRoutes(app: ApiApp): void {
  app.get(BACKFILLS, listBackfills);
  app.post(BACKFILLS, createBackfill);
  app.post(`${BACKFILLS}/dry_run`, dryRun);
  app.get(`${BACKFILLS}/:backfill_id`, async (c) => await answer(c, await order(c, "read")));
  app.put(`${BACKFILLS}/:backfill_id/pause`, async (c) => await answer(c, await order(c, "pause")));
  app.put(`${BACKFILLS}/:backfill_id/unpause`, async (c) => await answer(c, await order(c, "unpause")));
  app.put(`${BACKFILLS}/:backfill_id/cancel`, async (c) => await answer(c, await order(c, "cancel")));
  app.get("/api/airflare/v1/backfills/:backfill_id/progress", async (c) => {
    const { backfill, progress } = await order(c, "read");
    return c.json(progressResponse(backfill, progress));
  });
}

async function listBackfills(c: ApiContext): Promise<Response> {
  const query = readQuery(c, backfillListQuery);
  const page = pageRequest(query, ORDER, ["id"]);
  // Who has just made a backfill finds it in the list of its DAG.
  await c.var.ports.dag(query.dag_id).mirrored();
  const { rows, total } = await c.var.ports.backfills.list(query.dag_id, page);
  const name = await displayName(c, query.dag_id);
  return c.json({ backfills: rows.map((row) => backfillResponse(row, name)), total_entries: total });
}

async function createBackfill(c: ApiContext): Promise<Response> {
  const { ports, caller } = c.var;
  const { dagId, specHash, request } = await wanted(c);
  const backfillId = await ports.backfills.reserve(dagId, request, ports.now());
  const create = { kind: "create", specHash, request, backfillId, triggeringUser: caller.username } as const;
  const made = await askDag(ports, dagId, specHash, (dag) => dag.backfill(create));
  if (made.kind === "refused") {
    await ports.backfills.release(backfillId);
    throw refusal(made);
  }
  return await answer(c, found(made));
}

async function dryRun(c: ApiContext): Promise<Response> {
  const { dagId, specHash, request } = await wanted(c);
  const plan = await askDag(c.var.ports, dagId, specHash, (dag) =>
    dag.backfill({ kind: "dry-run", specHash, request }),
  );
  if (plan.kind === "refused") throw refusal(plan);
  if (plan.kind !== "planned") throw new Error(`a dry run of DAG ${dagId} answered ${plan.kind}`);
  return c.json(dryRunResponse(plan.logicalDates));
}

async function wanted(c: ApiContext) {
  const body = await readBody(c, BackfillPostBody);
  const dagId = body.dag_id;
  const specHash = deployedHash(c.var.index, dagId, false, `Could not find dag ${dagId}`);
  const request = backfillRequest(body);
  boundedConf(request.conf);
  return { dagId, specHash, request };
}

/** Sends an order to the object of the backfill's DAG. */
async function order(
  c: ApiContext,
  kind: Extract<BackfillOrder, { readonly kind: "read" | "pause" | "unpause" | "cancel" }>["kind"],
): Promise<Found> {
  const { backfill_id: backfillId } = check(backfillPath, { backfill_id: pathParam(c, "backfill_id") }, "path");
  const dagId = await c.var.ports.backfills.dagOf(backfillId);
  const unknown = kind === "read" ? "Backfill not found" : `Could not find backfill with id ${backfillId}`;
  if (dagId === null) throw new HttpDetailError(404, unknown);
  const done = await c.var.ports.dag(dagId).backfill({ kind, backfillId });
  if (done.kind === "refused") throw refusal(done);
  return found(done);
}

function found(done: BackfillAnswer): Found {
  if (done.kind === "backfill") return done;
  throw new HttpDetailError(404, "Backfill not found");
}

/** Airflow answers 422 also for a conf that does not fit. */
function refusal({ error }: Extract<BackfillAnswer, { kind: "refused" }>): Error {
  return error.code === "invalid_params" ? new HttpDetailError(422, error.message) : refusedError(error);
}

async function answer(c: ApiContext, { backfill }: Found): Promise<Response> {
  return c.json(backfillResponse(backfill, await displayName(c, backfill.dagId)));
}

async function displayName(c: ApiContext, dagId: DagId): Promise<string> {
  return (await c.var.ports.history.getDag(dagId))?.displayName ?? dagId;
}
