/**
 * @module What the pages on runs, XCom, retries, callbacks, setup, params, sensors and logs claim, beyond what the examples show.
 */
import { AirflowSkipException, dag, done, empty, p, sensor, task } from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

function failing(id: string) {
  return task(id, async () => {
    throw new Error(`${id} failed`);
  });
}

test("a run fails when a leaf failed, and a skipped leaf counts as success", async () => {
  const skips = task("skips", async () => {
    throw new AirflowSkipException("nothing to do");
  });
  const failed = dag("failed_leaf", { schedule: null }, () => {
    skips();
    failing("fails")();
  });
  expect((await testDag(failed)).state).toBe("failed");
  expect((await testDag(dag("skipped_leaf", { schedule: null }, () => void skips()))).state).toBe("success");
});

test("failFast ends the run at the first failure: what has not begun is skipped", async () => {
  const waits = sensor("waits", { pokeInterval: "1h" }, async () => false);
  const run = await testDag(
    dag("fail_fast", { schedule: null, failFast: true }, () => {
      empty("later").after(waits());
      failing("fails")();
    }),
  );
  expect(run.state).toBe("failed");
  expect(run.tasks["later"]?.state).toBe("skipped");
});

test("values come out as they went in: Date, Map, Set, bigint, bytes, undefined", async () => {
  const value = {
    at: new Date(5),
    map: new Map([["a", 1n]]),
    set: new Set([1]),
    bytes: new Uint8Array([1, 2]),
    nothing: undefined,
  };
  const make = task("make", async () => value);
  const read = task("read", async ({ made }: { made: typeof value }) => made);
  const run = await testDag(dag("lossless", { schedule: null }, () => void read({ made: make() })));
  expect(run.tasks["read"]?.result).toEqual(value);
});

test("a result that cannot be stored fails the attempt and names the path", async () => {
  const cb: unknown = () => 1;
  const make = task("make", async () => ({ deep: { cb } }));
  const run = await testDag(dag("unstorable", { schedule: null }, () => void make()));
  expect(run.tasks["make"]?.error).toMatchObject({ code: "xcom_not_serializable" });
  expect(run.tasks["make"]?.error?.message).toContain("value.deep.cb is a function");
});

test("a missing XCom is undefined or the default, and a new try starts without those of the last one", async () => {
  const seen: unknown[] = [];
  const work = task("work", { retries: 1 }, async (_: object, { ti }) => {
    seen.push(await ti.xcomPull({ key: "mark" }), await ti.xcomPull({ taskIds: "nobody", default: "none" }));
    await ti.xcomPush("mark", ti.tryNumber);
    if (ti.tryNumber === 1) throw new Error("again");
  });
  expect((await testDag(dag("new_try", { schedule: null }, () => void work()))).state).toBe("success");
  expect(seen).toEqual([undefined, "none", undefined, "none"]);
});

test("executionTimeout ends an attempt and fires its signal", async () => {
  let aborted = false;
  const slow = task("slow", { executionTimeout: "50ms" }, async (_: object, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted = true;
  });
  const run = await testDag(dag("timeouts", { schedule: null }, () => void slow()));
  expect(run.tasks["slow"]?.state).toBe("failed");
  expect(aborted).toBe(true);
});

test("onExecute comes before, onSkipped at a skip of its own, and an error in a callback changes no state", async () => {
  const work = task(
    "work",
    {
      onExecuteCallback: (c) => c.log.info("execute"),
      onSkippedCallback: [(c) => c.log.info("skipped"), () => Promise.reject(new Error("broken callback"))],
      onSuccessCallback: (c) => c.log.info("success"),
    },
    async () => {
      throw new AirflowSkipException("nothing to do");
    },
  );
  const run = await testDag(dag("callback_kinds", { schedule: null }, () => void work()));
  const messages = run.log.map(({ message }) => message);
  expect(messages.filter((message) => /^(execute|skipped|success)$/.test(message)).toSorted()).toEqual([
    "execute",
    "skipped",
  ]);
  expect(messages.some((message) => message.includes("broken callback"))).toBe(true);
  expect(run.tasks["work"]?.state).toBe("skipped");
});

test("a failed setup makes its work and its teardown upstream_failed; a failed teardown does not fail the run", async () => {
  const set = dag("failed_setup", { schedule: null }, () => {
    const made = failing("make")().asSetup();
    empty("remove").asTeardown({ setups: made }).after(empty("work").after(made));
  });
  const failedSetup = await testDag(set);
  expect([failedSetup.tasks["work"]?.state, failedSetup.tasks["remove"]?.state]).toEqual([
    "upstream_failed",
    "upstream_failed",
  ]);
  const torn = dag("failed_teardown", { schedule: null }, () => {
    const made = empty("make").asSetup();
    failing("remove")().asTeardown({ setups: made }).after(empty("work").after(made));
  });
  const failedTeardown = await testDag(torn);
  expect(failedTeardown.tasks["remove"]?.state).toBe("failed");
  expect(failedTeardown.state).toBe("success");
});

test("undeclared keys of the conf are accepted, and a param without a default must be given", async () => {
  const read = task("read", async (_: object, { params, dagRun }) => [params, dagRun.conf]);
  const open = dag("open_conf", { schedule: null, params: { limit: p.int() } }, () => void read());
  const run = await testDag(open, { conf: { limit: 1, extra: "x" } });
  expect(run.tasks["read"]?.result).toEqual([
    { limit: 1, extra: "x" },
    { limit: 1, extra: "x" },
  ]);
  await expect(testDag(open)).rejects.toThrow(/limit/);
});

test("a sensor's timeout skips with softFail; silentFail goes on after an error; neverFail skips at an error", async () => {
  const broken = async (): Promise<boolean> => {
    throw new Error("no answer");
  };
  let pokes = 0;
  const run = await testDag(
    dag("sensor_ends", { schedule: null }, () => {
      sensor("soft", { timeout: "10m", softFail: true }, async () => false)();
      sensor("silent", { silentFail: true }, async () => (++pokes < 3 ? broken() : done(pokes)))();
      sensor("never", { neverFail: true }, broken)();
    }),
  );
  expect(run.tasks["soft"]?.state).toBe("skipped");
  expect(run.tasks["silent"]).toMatchObject({ state: "success", result: 3 });
  expect(run.tasks["never"]?.state).toBe("skipped");
});

test("console and ctx.log both go to the task's log, with level", async () => {
  const noisy = task("noisy", async (_: object, { log }) => {
    log.warn("a row was odd");
    console.log("also kept");
  });
  const run = await testDag(dag("noisy_dag", { schedule: null }, () => void noisy()));
  expect(run.log).toMatchObject([
    { taskId: "noisy", tryNumber: 1, message: "a row was odd" },
    { taskId: "noisy", tryNumber: 1, message: "also kept" },
  ]);
});

test("once runs its function a single time over all attempts", async () => {
  let charged = 0;
  const charge = task("charge", { retries: 2 }, async (_: object, ctx) => {
    const receipt = await ctx.once("charge", () => ++charged);
    if (ctx.ti.tryNumber < 3) throw new Error("crashed after the charge");
    return receipt;
  });
  const run = await testDag(dag("charging", { schedule: null }, () => void charge()));
  expect(run.tasks["charge"]).toMatchObject({ tryNumber: 3, result: 1 });
  expect(charged).toBe(1);
});
