/**
 * @module Notices under way: taken up once, sent again when lost or failed, given up in the end, delivered again when asked; rows outlive the object's memory.
 */
import { expect, test } from "vitest";
import { report } from "../../../../src/cloudflare/dag-run/attempt-calls.ts";
import { command } from "../../../../src/cloudflare/dag-run/commands.ts";
import { beginNotice, endNotice } from "../../../../src/cloudflare/dag-run/notices.ts";
import { readNotices } from "../../../../src/cloudflare/dag-run/notice-rows.ts";
import type { Notice, NoticeOutcome } from "../../../../src/model/notice.ts";
import type { TaskMessage } from "../../../../src/model/task-message.ts";
import { RunHostWorld } from "../../../support/run-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { claim } from "../../../../src/cloudflare/dag-run/attempt-calls.ts";

const FAILURE = "a#1:failure@0";
const down: NoticeOutcome = { kind: "failed", retry: true, detail: "mail server down" };

/** A run whose only task has failed and has a failure callback; with `email`, also a mail. */
async function failedRun(email: readonly string[] = []): Promise<RunHostWorld> {
  const world = new RunHostWorld();
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a", callbacks: ["failure"], email })] }));
  await world.quiet();
  const token = world.tokens()[0] ?? "";
  claim(world.host, { callId: "claim", incarnation: "inc", tokens: [token] });
  report(world.host, {
    callId: "report",
    incarnation: "inc",
    offer: null,
    reports: [
      {
        token,
        outcome: { kind: "failed", error: { code: "E", message: "m" }, retry: false },
        startedAt: world.now,
        endedAt: world.now,
      },
    ],
  });
  await world.quiet();
  return world;
}

function orders(world: RunHostWorld): Notice[] {
  const messages = world.sent.map(({ message }) => message);
  return messages
    .filter((message): message is Extract<TaskMessage, { kind: "callback" }> => message.kind === "callback")
    .map((message) => message.command);
}

function begin(world: RunHostWorld, id = FAILURE) {
  const notice = orders(world).find((order) => order.id === id);
  if (notice === undefined) throw new Error(`no message of ${id}`);
  return beginNotice(world.host, { incarnation: "inc", notice });
}

function end(world: RunHostWorld, attempt: number, outcome: NoticeOutcome, id = FAILURE): void {
  endNotice(world.host, { incarnation: "inc", id, attempt, outcome, lines: "" });
}

async function pass(world: RunHostWorld, ms: number): Promise<void> {
  world.now += ms;
  await world.host.alarm();
  await world.quiet();
}

test("a message delivered twice is carried out once, also after the object's memory is gone", async () => {
  const world = await failedRun();
  const first = begin(world);
  expect(first).toMatchObject({ attempt: 1, view: { taskId: "a", state: "failed" } });
  expect(begin(world)).toBeNull();
  end(world, 1, { kind: "done" });
  world.restart();
  expect(begin(world)).toBeNull();
  await pass(world, 100_000_000);
  expect(orders(world)).toHaveLength(1);
});

test("a message that is lost is sent again, at growing intervals", async () => {
  const world = await failedRun();
  await pass(world, 59_000);
  expect(orders(world)).toHaveLength(1);
  await pass(world, 1_000);
  expect(orders(world)).toHaveLength(2);
  await pass(world, 119_000);
  expect(orders(world)).toHaveLength(2);
  await pass(world, 1_000);
  expect(orders(world)).toHaveLength(3);
});

test("a Worker that takes a notice up and vanishes is followed by another one, and its late word counts no more", async () => {
  const world = await failedRun();
  begin(world);
  await pass(world, 150_000);
  expect(orders(world)).toHaveLength(2);
  expect(begin(world)).toMatchObject({ attempt: 2 });
  end(world, 1, { kind: "done" });
  expect(readNotices(world.sql)[0]).toMatchObject({ state: "running", attempts: 2 });
});

test("a failed try is repeated after 5 s, 10 s, ..., 20 times at most, and the reasons are kept", async () => {
  const world = await failedRun();
  const intervals: number[] = [];
  let last = world.now;
  for (let attempt = 1; begin(world) !== null; attempt++) {
    intervals.push(world.now - last);
    last = world.now;
    end(world, attempt, down);
    const [row] = readNotices(world.sql);
    // oxlint-disable-next-line no-await-in-loop
    if (row?.dueAt !== null && row !== undefined) await pass(world, row.dueAt - world.now);
  }
  expect(intervals.slice(0, 4)).toEqual([0, 5_000, 10_000, 20_000]);
  expect(Math.max(...intervals)).toBe(3_600_000);
  const [row] = readNotices(world.sql);
  expect(row).toMatchObject({ state: "failed", attempts: 20, dueAt: null });
  expect(row?.tries).toHaveLength(10);
  expect(row?.tries[9]).toMatchObject({ ok: false, detail: "mail server down" });
});

test("the mail is ordered when the callback is through, with the error, once", async () => {
  const world = await failedRun(["team@example.com"]);
  expect(orders(world).map(({ kind }) => kind)).toEqual(["task-callback"]);
  begin(world);
  end(world, 1, { kind: "done" });
  end(world, 1, { kind: "done" });
  await world.quiet();
  expect(orders(world).slice(1)).toMatchObject([
    { kind: "task-mail", id: "a#1:failure-mail@0", to: ["team@example.com"], error: { message: "m" } },
  ]);
});

test("redelivery carries a notice out again that was through or given up; an unknown one is refused", async () => {
  const world = await failedRun();
  begin(world);
  end(world, 1, { kind: "failed", retry: false, detail: "gone" });
  expect(readNotices(world.sql)[0]).toMatchObject({ state: "failed" });
  command(world.host, "again", { kind: "redeliver", noticeId: FAILURE });
  await world.quiet();
  expect(orders(world)).toHaveLength(2);
  expect(begin(world)).toMatchObject({ attempt: 2 });
  expect(() => command(world.host, "other", { kind: "redeliver", noticeId: "none" })).toThrow(/no notice "none"/);
});
