/**
 * @module Schedules that applications make at run time: create, read, change, delete, list by key. The DAG's object has them and fires them; D1 knows
 * which DAG's.
 */
import type { DagId } from "../../../model/ids.ts";
import type { ScheduleAnswer } from "../../../model/run-schedule.ts";
import { askDag, refusedError } from "../../../runtime/ask-dag.ts";
import { HttpDetailError } from "../../errors.ts";
import { pageRequest } from "../../paging.ts";
import type { ApiApp } from "../../ports.ts";
import { pathParam } from "../../run-access.ts";
import type { ApiContext } from "../../run-access.ts";
import {
  SchedulePatchBody,
  SchedulePostBody,
  newSchedule,
  scheduleChange,
  scheduleListQuery,
  scheduleResponse,
} from "../../schemas/schedules.ts";
import { deployedHash } from "../../trigger-run.ts";
import { readBody, readQuery } from "../../validation.ts";

const SCHEDULES = "/api/airflare/v1/schedules";
const ORDER = { id: "id", next_run: "next_run", created_at: "created_at" };

export function scheduleRoutes(app: ApiApp): void {
  app.get(SCHEDULES, listSchedules);
  app.post(SCHEDULES, createSchedule);
  app.get(`${SCHEDULES}/:schedule_id`, async (c) => {
    const { id, dagId } = await place(c);
    const read = await c.var.ports.dag(dagId).schedule({ kind: "read", scheduleId: id });
    return c.json(scheduleResponse(scheduleOf(read, id)));
  });
  app.patch(`${SCHEDULES}/:schedule_id`, patchSchedule);
  app.delete(`${SCHEDULES}/:schedule_id`, async (c) => {
    const { id, dagId } = await place(c);
    const dag = c.var.ports.dag(dagId);
    scheduleOf(await dag.schedule({ kind: "delete", scheduleId: id }), id);
    await dag.mirrored();
    return c.body(null, 204);
  });
}

async function listSchedules(c: ApiContext): Promise<Response> {
  const query = readQuery(c, scheduleListQuery);
  const filter = { key: query.key, dagId: query.dag_id };
  const { rows, total } = await c.var.ports.schedules.list(filter, pageRequest(query, ORDER, ["id"]));
  return c.json({ schedules: rows.map(scheduleResponse), total_entries: total });
}

async function createSchedule(c: ApiContext): Promise<Response> {
  const { ports, index, caller } = c.var;
  const body = await readBody(c, SchedulePostBody);
  const dagId = body.dag_id;
  const specHash = deployedHash(index, dagId, false);
  const fields = newSchedule(body, ports.now());
  const scheduleId = body.id ?? ports.randomId();
  if (!(await ports.schedules.reserve(scheduleId, dagId, ports.now())))
    throw new HttpDetailError(409, `The schedule ${JSON.stringify(scheduleId)} exists already.`);
  const create = { kind: "create", specHash, scheduleId, fields, createdBy: caller.username } as const;
  const made = await askDag(ports, dagId, specHash, (dag) => dag.schedule(create));
  if (made.kind === "refused" && made.error.code !== "schedule_already_exists")
    await ports.schedules.release(scheduleId, dagId);
  const schedule = scheduleOf(made, scheduleId);
  // Who has made it finds it in lists; while D1 is down, later.
  await ports.dag(dagId).mirrored();
  return c.json(scheduleResponse(schedule), 201);
}

async function patchSchedule(c: ApiContext): Promise<Response> {
  const { ports, index } = c.var;
  const change = scheduleChange(await readBody(c, SchedulePatchBody), ports.now());
  const { id, dagId } = await place(c);
  const specHash = deployedHash(index, dagId, false);
  const order = { kind: "patch", specHash, scheduleId: id, change } as const;
  const schedule = scheduleOf(await askDag(ports, dagId, specHash, (dag) => dag.schedule(order)), id);
  await ports.dag(dagId).mirrored();
  return c.json(scheduleResponse(schedule));
}

/** The schedule of the path and the DAG whose object has it. */
async function place(c: ApiContext): Promise<{ readonly id: string; readonly dagId: DagId }> {
  const id = pathParam(c, "schedule_id");
  const dagId = await c.var.ports.schedules.dagOf(id);
  if (dagId === null) throw notFound(id);
  return { id, dagId };
}

function scheduleOf(answer: ScheduleAnswer, id: string) {
  if (answer.kind === "schedule") return answer.schedule;
  throw answer.kind === "refused" ? refusedError(answer.error) : notFound(id);
}

function notFound(id: string): HttpDetailError {
  return new HttpDetailError(404, `There is no schedule ${JSON.stringify(id)}.`);
}
