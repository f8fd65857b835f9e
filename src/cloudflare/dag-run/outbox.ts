/**
 * @module Carries out the commands that leave no trace in the state: notices go to the task queue, watches to the DAG object.
 * A row goes only after its command was taken; every command has an id that is the same on each repeat.
 */
import { deleteOutbox, readOutbox } from "./storage.ts";
import type { Command } from "../../model/command.ts";
import type { Env } from "../env.ts";
import type { LiveRun } from "./live-run.ts";
import type { Sql } from "./sql.ts";
import { assertNever } from "../../lib/assert.ts";
import { insertNotices } from "./notice-rows.ts";
import type { Notice } from "../../model/notice.ts";
import { sendNotices } from "../task-queue/producer.ts";

/** Rows per pass: bounds a message batch and the memory. */
const PAGE = 100;

export type WatchAnswer = {
  readonly watchId: string;
  readonly passed: boolean;
  readonly reason: string;
};

/** Carries out what waits, page by page. Throws when a queue or the DAG object refuses: the rows stay. */
export async function drainOutbox(
  sql: Sql,
  env: Env,
  live: LiveRun,
  on: {
    readonly onWatched: (answer: WatchAnswer) => void;
    /** The run was deleted meanwhile: the rows are another run's. */
    readonly isGone: () => boolean;
    /** A notice that nobody has taken up by then is sent again. */
    readonly noticeDueAt: () => number;
  },
): Promise<void> {
  for (;;) {
    const rows = readOutbox(sql, PAGE);
    if (rows.length === 0) {
      live.commandsWaiting = false;
      return;
    }
    const commands = rows.map(({ command }) => command);
    const notices = commands.filter(isNotice);
    if (notices.length > 0) {
      const queueMessages = await sendNotices(env, live.run.head, notices);
      live.book.usage = { ...live.book.usage, queueMessages: live.book.usage.queueMessages + queueMessages };
    }
    for (const { command } of rows) {
      if (isNotice(command)) continue;
      if (command.kind === "watch") on.onWatched(await watch(env, live, command));
      else if (command.kind !== "run-state" && command.kind !== "asset-event") assertNever(command);
    }
    await tellAssets(env, live.run.head, commands.filter(isAssetEvent));
    if (on.isGone()) return;
    sql.transactionSync<void>(() => {
      deleteOutbox(
        sql,
        rows.map((row) => row.id),
      );
      insertNotices(sql, live, notices, on.noticeDueAt());
    });
  }
}

function isNotice(command: Command): command is Notice {
  return command.kind !== "run-state" && command.kind !== "watch" && command.kind !== "asset-event";
}

type AssetEventCommand = Extract<Command, { kind: "asset-event" }>;

function isAssetEvent(command: Command): command is AssetEventCommand {
  return command.kind === "asset-event";
}

/** Each asset once, with all its events of the page. */
async function tellAssets(
  env: Env,
  { dagId, runId }: LiveRun["run"]["head"],
  commands: readonly AssetEventCommand[],
): Promise<void> {
  const byUri = Map.groupBy(commands, ({ uri }) => uri);
  await Promise.all(
    [...byUri].map(([uri, events]) =>
      env.ASSET.getByName(uri).record(
        uri,
        events.map(({ id, at, extra, taskId, mapIndex }) => ({
          id,
          at,
          extra,
          source: { dagId, runId, taskId, mapIndex },
        })),
      ),
    ),
  );
}

async function watch(env: Env, live: LiveRun, command: Extract<Command, { kind: "watch" }>): Promise<WatchAnswer> {
  const { watchId, taskId, downstream, ignoreFirst } = command;
  const { dagId, runId } = live.run.head;
  const answer = await env.DAG.getByName(dagId).watch({ runId, watchId, taskId, downstream, ignoreFirst });
  return { watchId, passed: answer.passed, reason: answer.reason };
}
