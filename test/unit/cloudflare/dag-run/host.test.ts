/**
 * @module The host of a run between engine, rows and the outside: what is repeated, what is kept, what is sent again.
 */
import { claim, createRun, heartbeat, once, report } from "../../../../src/cloudflare/dag-run/attempt-calls.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { expect, test } from "vitest";
import type { AttemptOutcome } from "../../../../src/model/outcome.ts";
import type { AttemptToken } from "../../../../src/model/ids.ts";
import { RunHostWorld } from "../../../support/run-host-world.ts";
import { command } from "../../../../src/cloudflare/dag-run/commands.ts";
import { readLog } from "../../../../src/cloudflare/dag-run/logs.ts";
import { readTaskInstances } from "../../../../src/cloudflare/dag-run/reads.ts";

const chain = aDagSpec({
  dagId: "chain",
  tasks: [
    aTaskSpec({ taskId: "a" }),
    aTaskSpec({
      taskId: "b",
      upstream: ["a"],
      args: { value: { kind: "xcom", taskId: "a", key: "return_value", path: [] } },
    }),
  ],
});
const success: AttemptOutcome = {
  kind: "success",
  xcoms: [{ key: "return_value", value: { in: "inline", text: "[1]" } }],
};

function states(world: RunHostWorld): Record<string, string> {
  const live = world.host.live();
  if (live === null) return {};
  const { views } = readTaskInstances(world.sql, live, { offset: 0, limit: 100 });
  return Object.fromEntries(views.map((view) => [view.taskId, view.state]));
}

function reportOf(token: AttemptToken, outcome: AttemptOutcome = success, log = ""): Parameters<typeof report>[1] {
  return {
    callId: `report:${token}`,
    incarnation: "inc",
    reports: [{ token, outcome, startedAt: 1, endedAt: 2, log }],
    offer: null,
  };
}

async function claimed(world: RunHostWorld, token: AttemptToken | undefined): Promise<AttemptToken> {
  await world.quiet();
  if (token === undefined) throw new Error("no attempt was sent");
  claim(world.host, { callId: `claim:${token}`, incarnation: "inc", tokens: [token] });
  return token;
}

test("a run goes from creation over queue messages and reports to its end and into the history", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  await claimed(world, world.tokens()[0]).then((token) => report(world.host, reportOf(token)));
  await claimed(world, world.tokens()[1]).then((token) => report(world.host, reportOf(token)));
  await world.quiet();
  expect(states(world)).toEqual({ a: "success", b: "success" });
  expect(world.pushes.at(-1)?.head.state).toBe("success");
  expect((await world.host.wait(0))?.run.head.state).toBe("success");
});

test("a claim carries the upstream XComs its task names", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  const first = await claimed(world, world.tokens()[0]);
  report(world.host, reportOf(first));
  await world.quiet();
  const second = world.tokens()[1] ?? "";
  const { batch } = claim(world.host, { callId: "c", incarnation: "inc", tokens: [second] });
  expect(batch?.xcoms).toEqual([
    { taskId: "a", mapIndex: -1, key: "return_value", value: { in: "inline", text: "[1]" } },
  ]);
});

test("upstream XComs over 256 kB are left out whole and named", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  const big = { in: "inline", text: `"${"x".repeat(300_000)}"` } as const;
  const first = await claimed(world, world.tokens()[0]);
  report(world.host, reportOf(first, { kind: "success", xcoms: [{ key: "return_value", value: big }] }));
  await world.quiet();
  const { batch } = claim(world.host, { callId: "c", incarnation: "inc", tokens: [world.tokens()[1] ?? ""] });
  expect([batch?.xcoms, batch?.xcomsLeftOut]).toEqual([[], [{ taskId: "a", key: "return_value" }]]);
});

test("a repeated call gets the stored answer, also after a restart; the same token in another call gets nothing", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  await world.quiet();
  const tokens = world.tokens();
  const request = { callId: "claim-1", incarnation: "inc", tokens };
  const first = claim(world.host, request);
  world.restart();
  expect(claim(world.host, request)).toEqual(first);
  expect(claim(world.host, { ...request, callId: "claim-2" })).toEqual({ batch: null, stale: tokens });

  const answer = report(world.host, reportOf(tokens[0] ?? ""));
  world.restart();
  expect(report(world.host, reportOf(tokens[0] ?? ""))).toEqual(answer);
  expect(report(world.host, { ...reportOf(tokens[0] ?? ""), callId: "other" }).stale).toEqual(tokens);
});

test("creating again answers the same run, another incarnation is refused", () => {
  const world = new RunHostWorld();
  world.create(chain);
  const head = aDagRunHead({ dagId: "chain", incarnation: "inc" });
  const again = createRun(world.host, { head, specText: JSON.stringify(chain), longest: {}, start: true, offer: null });
  expect([again.head.state, states(world)["a"]]).toEqual(["running", "queued"]);
  expect(() => world.create(chain, { incarnation: "other" })).toThrow(
    expect.objectContaining({ code: "run_already_exists" }),
  );
});

test("a hand-off is answered again to a repeated creation, and goes to the queue when the setting turns it off", async () => {
  const offer = { room: 5, deadlineAt: 1_900_000_000_000, driver: "queue" } as const;
  const head = aDagRunHead({ dagId: "chain" });
  const request = { head, specText: JSON.stringify(chain), longest: {}, start: true, offer };
  const world = new RunHostWorld();
  const { next } = createRun(world.host, structuredClone(request));
  expect(next?.attempts.map((attempt) => attempt.taskId)).toEqual(["a"]);
  expect(createRun(world.host, structuredClone(request)).next).toEqual(next);
  await world.quiet();
  expect(world.sent).toEqual([]);

  const off = new RunHostWorld({ AIRFLARE_HAND_OFF: "0" });
  expect(createRun(off.host, structuredClone(request)).next).toBeNull();
  await off.quiet();
  expect(off.sent.length).toBe(1);
});

test("a queue that refuses is asked again by the alarm until it takes the attempts", async () => {
  const world = new RunHostWorld();
  world.onSend = () => {
    throw new Error("Too Many Requests");
  };
  world.create(chain);
  await world.quiet();
  expect(world.sent).toEqual([]);
  expect(world.alarms.at(-1)).toBe(world.now + 1_000);

  world.onSend = () => {};
  world.now += 1_000;
  await world.host.alarm();
  expect(world.tokens().length).toBe(1);
});

test("attempts that were not sent before the object vanished are sent when it comes back", async () => {
  const world = new RunHostWorld();
  world.onSend = () => {
    throw new Error("vanishes");
  };
  world.create(chain);
  await world.quiet();
  world.onSend = () => {};
  world.restart();
  world.host.live();
  await world.quiet();
  expect(world.tokens().length).toBe(1);
});

test("an attempt that nobody claims is sent again with its token, and a lost one with a new token in the same try", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  const [token = ""] = await world.quiet().then(() => world.tokens());
  world.now += 60_000;
  await world.host.alarm();
  expect(world.tokens()).toEqual([token, token]);

  claim(world.host, { callId: "c", incarnation: "inc", tokens: [token] });
  world.now += 30_000;
  await world.host.alarm();
  const [, , again = ""] = world.tokens();
  expect(again).not.toBe(token);
  const { batch } = claim(world.host, { callId: "d", incarnation: "inc", tokens: [again] });
  expect(batch?.attempts[0]?.tryNumber).toBe(1);
  expect(heartbeat(world.host, { incarnation: "inc", tokens: [token, again], logs: {} }).stop).toEqual([token]);
});

test("the alarm is moved only earlier, and set again after it went off", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  await world.quiet();
  const first = world.alarms.at(-1) ?? 0;
  expect(world.alarms.every((at, i) => i === 0 || at < (world.alarms[i - 1] ?? 0))).toBe(true);
  world.now = first;
  await world.host.alarm();
  expect(world.alarms.at(-1)).toBeGreaterThan(first);
});

test("an end that the history does not take is pushed again, and wait answers without it after five seconds", async () => {
  const world = new RunHostWorld();
  world.onPush = () => false;
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a" })] }));
  report(world.host, reportOf(await claimed(world, world.tokens()[0])));
  await world.quiet();
  expect(world.host.live()?.book.mirroredSeq).toBe(0);
  world.now += 6_000;
  expect((await world.host.wait(60_000))?.run.head.state).toBe("success");

  world.onPush = () => true;
  await world.host.alarm();
  world.restart();
  world.host.live();
  await world.quiet();
  expect(world.pushes.length).toBe(2);
  expect(world.pushes[1]?.instances.map((view) => view.state)).toEqual(["success"]);
});

test("a long run is pushed every ten seconds, with what changed since", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  const first = await claimed(world, world.tokens()[0]);
  world.now += 10_000;
  await world.host.alarm();
  expect(world.pushes.map((push) => push.instances.map((view) => view.taskId))).toEqual([["a", "b"]]);
  report(world.host, reportOf(first));
  world.now += 10_000;
  await world.host.alarm();
  await world.quiet();
  expect(world.pushes[1]?.instances.map((view) => [view.taskId, view.state])).toEqual([
    ["a", "success"],
    ["b", "queued"],
  ]);
});

test("known-short attempts share messages of ten, isolated and named ones go their own way", async () => {
  const world = new RunHostWorld();
  const tasks = Array.from({ length: 13 }, (_, i) => aTaskSpec({ taskId: `t${i}` }));
  world.create(
    aDagSpec({
      dagId: "many",
      tasks: [...tasks, aTaskSpec({ taskId: "alone", isolate: true }), aTaskSpec({ taskId: "big", queue: "heavy" })],
    }),
    { longest: Object.fromEntries(tasks.slice(1).map((task) => [task.taskId, 5])) },
  );
  await world.quiet();
  const sizes = world.sent.map(({ queue, message }) => [
    queue,
    message.kind === "attempts" ? message.tokens.length : 0,
  ]);
  expect(sizes).toEqual([
    ["tasks", 10],
    ["tasks", 2],
    ["tasks", 1],
    ["isolate", 1],
    ["heavy", 1],
  ]);
});

test("an attempt for a queue without binding fails with what to do", async () => {
  const world = new RunHostWorld();
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a", queue: "gpu-box", retries: 3 })] }));
  await world.quiet();
  const live = world.host.live();
  const { views } = live === null ? { views: [] } : readTaskInstances(world.sql, live, { offset: 0, limit: 1 });
  expect([views[0]?.state, views[0]?.error?.message]).toEqual([
    "failed",
    expect.stringContaining("TASK_QUEUE_GPU_BOX"),
  ]);
});

test("callbacks wait in the outbox until the queue takes them, and go once", async () => {
  const world = new RunHostWorld();
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a", callbacks: ["failure"] })] }));
  const token = await claimed(world, world.tokens()[0]);
  world.onSend = () => {
    throw new Error("down");
  };
  report(world.host, reportOf(token, { kind: "failed", error: { code: "E", message: "m" }, retry: true }));
  await world.quiet();
  world.onSend = () => {};
  world.restart();
  world.host.live();
  await world.quiet();
  world.restart();
  world.host.live();
  await world.quiet();
  const callbacks = world.sent.map(({ message }) => message).filter((message) => message.kind === "callback");
  expect(callbacks.map(({ taskId, key }) => [taskId, key])).toEqual([["a", "callback:a#1:failure@0"]]);
});

test("log lines belong to the try that wrote them, errors go when the task succeeds", async () => {
  const world = new RunHostWorld();
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a", retries: 1, retryDelayMs: 0 })] }));
  const first = await claimed(world, world.tokens()[0]);
  heartbeat(world.host, { incarnation: "inc", tokens: [first], logs: { [first]: "one\n" } });
  report(world.host, reportOf(first, { kind: "failed", error: { code: "E", message: "m" }, retry: true }, "two\n"));
  world.now += 1_000;
  await world.host.alarm();
  report(world.host, reportOf(await claimed(world, world.tokens()[1]), success, "three\n"));
  const log = async (tryNumber: number): Promise<string> => {
    const { lines } = await readLog(world.sql, world.host.objects, { ord: 0, tryNumber }, 0, 10);
    return lines;
  };
  expect([await log(1), await log(2)]).toEqual(["one\ntwo\n", "three\n"]);
  const live = world.host.live();
  expect(live?.errorOrds.size).toBe(0);
});

test("once keeps the first text over attempts and refuses stale ones", async () => {
  const world = new RunHostWorld();
  world.create(aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a", retries: 1, retryDelayMs: 0 })] }));
  const token = await claimed(world, world.tokens()[0]);
  const ask = (one: AttemptToken, text?: string): string | null =>
    once(world.host, { incarnation: "inc", token: one, key: "charge", ...(text === undefined ? {} : { text }) });
  expect([ask(token), ask(token, "1"), ask(token, "2")]).toEqual([null, "1", "1"]);
  report(world.host, reportOf(token, { kind: "failed", error: { code: "E", message: "m" }, retry: true }));
  world.now += 1_000;
  await world.host.alarm();
  const second = await claimed(world, world.tokens()[1]);
  expect(ask(second)).toBe("1");
  expect(() => ask(token)).toThrow(expect.objectContaining({ code: "stale_attempt" }));
});

test("a dry run of a clear says what it would touch and changes nothing", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  report(world.host, reportOf(await claimed(world, world.tokens()[0])));
  const options = {
    select: [{ taskId: "a" }],
    includeUpstream: false,
    includeDownstream: true,
    onlyFailed: false,
    onlyRunning: false,
    resetDagRun: true,
    note: null,
  };
  const dry = command(world.host, "c1", { kind: "clear", options, dryRun: true });
  expect([dry.touched.map((view) => view.taskId), states(world)["a"]]).toEqual([["a", "b"], "success"]);
  const wet = command(world.host, "c2", { kind: "clear", options, dryRun: false });
  expect([wet.touched.map((view) => view.taskId), states(world)["a"]]).toEqual([["a", "b"], "queued"]);
  expect(command(world.host, "c2", { kind: "clear", options, dryRun: false }).touched.length).toBe(2);
});

test("an XCom that exists is not created again, one that does not is neither changed nor deleted", () => {
  const world = new RunHostWorld();
  world.create(chain);
  const at = { taskId: "a", mapIndex: -1, key: "k" };
  const value = { in: "inline", text: "1" } as const;
  const set = (callId: string, create: boolean) => (): unknown =>
    command(world.host, callId, { kind: "set-xcom", ...at, value, create });
  expect(set("1", false)).toThrow(expect.objectContaining({ code: "xcom_not_found" }));
  expect(set("2", true)).not.toThrow();
  expect(set("3", true)).toThrow(expect.objectContaining({ code: "xcom_already_exists" }));
  expect(set("4", false)).not.toThrow();
  command(world.host, "5", { kind: "delete-xcom", ...at });
  expect(set("6", false)).toThrow(expect.objectContaining({ code: "xcom_not_found" }));
});

test("reads and drivers of a run that does not exist create nothing", async () => {
  const world = new RunHostWorld();
  expect(claim(world.host, { callId: "c", incarnation: "inc", tokens: ["inc:0:1"] }).stale).toEqual(["inc:0:1"]);
  expect(await world.host.wait(1_000)).toBeNull();
  await world.host.poke();
  expect(world.sql.exec("SELECT name FROM sqlite_master")).toEqual([]);
  expect(world.alarms).toEqual([]);
});

test("a destroyed run is gone, and its id is free for another incarnation", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  await world.quiet();
  const [token = ""] = world.tokens();
  await world.host.destroy();
  expect(world.host.live()).toBeNull();
  world.create(chain, { incarnation: "second" });
  expect(report(world.host, reportOf(token)).stale).toEqual([token]);
});

test("a failed transaction leaves rows and memory as they were", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  const token = await claimed(world, world.tokens()[0]);
  world.sql.exec("CREATE TRIGGER broken BEFORE INSERT ON cell BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  expect(() => report(world.host, reportOf(token))).toThrow("disk full");
  expect(states(world)["a"]).toBe("running");
  world.sql.exec("DROP TRIGGER broken");
  report(world.host, reportOf(token));
  expect(states(world)).toEqual({ a: "success", b: "queued" });
});

test("the clock of the object never goes back", async () => {
  const world = new RunHostWorld();
  world.create(chain);
  await world.quiet();
  world.now -= 3_600_000;
  world.restart();
  const [token = ""] = world.tokens();
  claim(world.host, { callId: "c", incarnation: "inc", tokens: [token] });
  const live = world.host.live();
  expect(live?.run.instances[0]?.startedAt).toBeGreaterThanOrEqual(live?.run.instances[0]?.queuedAt ?? Infinity);
});
