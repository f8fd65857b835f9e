/**
 * @module XComs of a task instance: list, one, create, change, delete.
 */
import { ALL, pathParam, requireRun, requireRunAround } from "../run-access.ts";
import { HttpDetailError } from "../errors.ts";
import { XComCreateBody, XComUpdateBody, xcomListQuery, xcomQuery, xcomResponse } from "../schemas/xcom-entries.ts";
import { matchesPattern } from "../search-pattern.ts";
import { pageRequest, slicePage } from "../paging.ts";
import { pythonRepr } from "../python-repr.ts";
import { readAllXComs, shownValue, storedValue } from "../xcom-value.ts";
import { readBody, readQuery } from "../validation.ts";
import type { ApiApp } from "../ports.ts";
import type { ApiContext, FoundRun } from "../run-access.ts";
import type { ReadXComsAnswer } from "../../model/protocol.ts";
import type { RunSurroundings } from "../spec-cache.ts";

type Entry = ReadXComsAnswer["entries"][number];

const BASE = "/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/xcomEntries";
const ORDER = {
  key: "key",
  dag_id: "dag_id",
  run_id: "run_id",
  task_id: "task_id",
  map_index: "map_index",
  timestamp: "timestamp",
};

export function xcomEntryRoutes(app: ApiApp): void {
  app.get(BASE, listXComs);
  app.post(BASE, createXCom);
  app.get(`${BASE}/:xcom_key`, getXCom);
  app.patch(`${BASE}/:xcom_key`, updateXCom);
  app.delete(`${BASE}/:xcom_key`, deleteXCom);
}

async function listXComs(c: ApiContext): Promise<Response> {
  const query = readQuery(c, xcomListQuery);
  const taskId = pathParam(c, "task_id");
  if (pathParam(c, "dag_id") === ALL || pathParam(c, "dag_run_id") === ALL) {
    throw new HttpDetailError(400, "XComs lie with their run: name dag_id and dag_run_id; only task_id may be `~`");
  }
  const { run, head, around } = await requireRunAround(c);
  const entries = await readAllXComs(run, {
    taskIds: taskId === ALL ? [] : [taskId],
    key: query.xcom_key ?? null,
    ...(query.map_index === undefined ? {} : { mapIndexes: [query.map_index] }),
  });
  const { xcom_key_pattern: pattern } = query;
  const fitting = entries.filter((entry) => pattern === undefined || matchesPattern(entry.key, pattern));
  const answers = fitting.map((entry) => xcomResponse(entry, head, namesOf(entry, around)));
  const page = slicePage(answers, pageRequest(query, ORDER, ["task_id", "map_index", "key"]), (row, by) => {
    const value: unknown = Reflect.get(row, by);
    return typeof value === "number" ? value : String(value);
  });
  return c.json({ xcom_entries: page.rows, total_entries: page.total });
}

async function getXCom(c: ApiContext): Promise<Response> {
  const query = readQuery(c, xcomQuery);
  const { run, head, around } = await requireRunAround(c);
  const key = pathParam(c, "xcom_key");
  const entry = await findXCom(run, pathParam(c, "task_id"), query.map_index ?? -1, key);
  if (entry === undefined) throw new HttpDetailError(404, `XCom entry with key: \`${key}\` not found`);
  const value = await shownValue(c.var.ports, entry.value);
  const shown = query.stringify === true ? pythonRepr(value) : value;
  return c.json({ ...xcomResponse(entry, head, namesOf(entry, around)), value: shown });
}

async function createXCom(c: ApiContext): Promise<Response> {
  const body = await readBody(c, XComCreateBody);
  const found = await requireRunAround(c);
  const taskId = pathParam(c, "task_id");
  if (found.around.taskOf(taskId) === null) {
    throw new HttpDetailError(404, `Task with ID: \`${taskId}\` not found in dag: \`${found.head.dagId}\``);
  }
  const target = { taskId, mapIndex: body.map_index, key: body.key };
  if ((await findXCom(found.run, taskId, body.map_index, body.key)) !== undefined) {
    throw new HttpDetailError(409, `The XCom with key: \`${body.key}\` with mentioned task instance already exists.`);
  }
  return c.json(await writeXCom(c, found, target, body.value, true), 201);
}

async function updateXCom(c: ApiContext): Promise<Response> {
  const body = await readBody(c, XComUpdateBody);
  const found = await requireRunAround(c);
  const target = { taskId: pathParam(c, "task_id"), mapIndex: body.map_index, key: pathParam(c, "xcom_key") };
  if ((await findXCom(found.run, target.taskId, target.mapIndex, target.key)) === undefined) {
    throw new HttpDetailError(404, `The XCom with key: \`${target.key}\` with mentioned task instance doesn't exist.`);
  }
  return c.json(await writeXCom(c, found, target, body.value, false));
}

async function deleteXCom(c: ApiContext): Promise<Response> {
  const mapIndex = readQuery(c, xcomQuery).map_index ?? -1;
  const { run } = await requireRun(c);
  const [taskId, key] = [pathParam(c, "task_id"), pathParam(c, "xcom_key")];
  if ((await findXCom(run, taskId, mapIndex, key)) === undefined) {
    throw new HttpDetailError(404, `XCom entry with key: \`${key}\` not found`);
  }
  await run.command({ callId: c.var.ports.randomId(), command: { kind: "delete-xcom", taskId, mapIndex, key } });
  return c.body(null, 204);
}

async function findXCom(
  run: FoundRun["run"],
  taskId: string,
  mapIndex: number,
  key: string,
): Promise<Entry | undefined> {
  const { entries } = await run.readXComs({ taskIds: [taskId], key, mapIndexes: [mapIndex], limit: 1 });
  return entries[0];
}

async function writeXCom(
  c: ApiContext,
  found: FoundRun & { readonly around: RunSurroundings },
  target: { readonly taskId: string; readonly mapIndex: number; readonly key: string },
  json: unknown,
  create: boolean,
) {
  const { ports } = c.var;
  const value = await storedValue(ports, found.head, target, json);
  await found.run.command({ callId: ports.randomId(), command: { kind: "set-xcom", ...target, value, create } });
  const entry = { ...target, value, writtenAt: ports.now() };
  return { ...xcomResponse(entry, found.head, namesOf(entry, found.around)), value: json };
}

function namesOf(
  entry: { readonly taskId: string },
  around: RunSurroundings,
): { readonly dag: string; readonly task: string } {
  return { dag: around.displayName, task: around.taskOf(entry.taskId)?.displayName ?? entry.taskId };
}
