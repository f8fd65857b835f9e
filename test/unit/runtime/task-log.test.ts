/**
 * @module The log of an attempt: lines, limits, masking, and what `console` prints inside a task.
 */
import { describe, expect, test, vi } from "vitest";
import { formatPrinted, withConsoleCaptured } from "../../../src/runtime/console-capture.ts";
import { SecretMasker } from "../../../src/runtime/secret-masker.ts";
import { LOG_BYTES_MAX, LOG_EVENT_LENGTH_MAX, TaskLog } from "../../../src/runtime/task-log.ts";
import { linesOf } from "../../support/attempt-runner.ts";
import { START } from "../../support/runtime-fakes.ts";

function aLog(masker = new SecretMasker()): TaskLog {
  return new TaskLog(() => START, masker);
}

const noLookups = (): never => {
  throw new Error("nothing is looked up here");
};

describe("lines", () => {
  test("are JSON with time, level, event and logger, each ended by a line break", () => {
    const log = aLog();
    log.write("info", "two\nlines", "task", { rows: 3, at: new Date(0) });
    expect(log.drain()).toBe(
      '{"rows":3,"at":"1970-01-01T00:00:00.000Z","timestamp":"2026-01-31T02:00:00.000Z","level":"info","event":"two\\nlines","logger":"task"}\n',
    );
  });

  test("cannot be forged by fields", () => {
    const log = aLog();
    log.write("info", "real", "task", { event: "forged", level: "error" });
    expect(linesOf(log.drain())).toMatchObject([{ event: "real", level: "info" }]);
  });

  test("take fields that cannot be shown", () => {
    const log = aLog();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    log.write("info", "a", "task", cycle);
    log.write("info", "b", "task", [1, 2]);
    expect(linesOf(log.drain())).toMatchObject([{ event: "a" }, { event: "b", fields: [1, 2] }]);
  });

  test("are drained once, in pieces of whole lines, and may be put back", () => {
    const log = aLog();
    for (const event of ["a", "b", "c"]) log.write("info", event, "task");
    const first = log.drain(10);
    expect(linesOf(first)).toMatchObject([{ event: "a" }]);
    log.restore(first);
    expect(linesOf(log.drain()).map((line) => line["event"])).toEqual(["a", "b", "c"]);
    expect(log.drain()).toBe("");
  });

  test("of abandoned code are dropped", () => {
    const log = aLog();
    log.close();
    log.write("info", "late", "task");
    expect(log.drain()).toBe("");
  });
});

describe("limits", () => {
  test("over 10 MB one line says that the rest is missing", () => {
    const log = aLog();
    const event = "é".repeat(50_000);
    for (let i = 0; i < 200; i++) log.write("info", event, "task");
    const text = log.drain();
    const lines = linesOf(text);
    expect(new TextEncoder().encode(text).length).toBeLessThan(LOG_BYTES_MAX + 1000);
    expect(lines.length).toBe(105);
    expect(lines.at(-1)).toMatchObject({ level: "warning", event: expect.stringContaining("truncated") });
  });

  test("a very long message is cut", () => {
    const log = aLog();
    log.write("info", "x".repeat(LOG_EVENT_LENGTH_MAX + 1), "task", { big: "y".repeat(LOG_EVENT_LENGTH_MAX + 1) });
    const [line] = linesOf(log.drain());
    expect(String(line?.["event"])).toMatch(/x… \[message truncated\]$/);
    expect(line?.["fields"]).toBe("[fields too long]");
  });
});

describe("masking", () => {
  const SECRET = 'p"ss wörd+/1';
  const masker = new SecretMasker();
  masker.register(SECRET);
  const CASES: readonly (readonly [string, string])[] = [
    ["plain", SECRET],
    ["base64", Buffer.from(SECRET).toString("base64")],
    ["base64 for addresses", Buffer.from(SECRET).toString("base64url")],
    ["URL-encoded", encodeURIComponent(SECRET)],
    ["JSON-escaped", JSON.stringify({ SECRET })],
  ];
  test.each(CASES)("%s", (_name, text) => {
    const masked = masker.mask(`before ${text} after`);
    expect(masked).toContain("***");
    expect(masked).not.toContain("wörd");
    expect(masked).not.toContain(text);
  });

  test("applies to messages and fields, and to what stands under sensitive names", () => {
    const log = aLog(masker);
    log.write("info", `login with ${SECRET}`, "task", { sent: [SECRET], api_key: "k", nested: { "Access-Token": 1 } });
    expect(linesOf(log.drain())).toMatchObject([
      { event: "login with ***", sent: ["***"], api_key: "***", nested: { "Access-Token": "***" } },
    ]);
  });

  test("leaves short values alone and hides the longer of two that overlap", () => {
    const some = new SecretMasker();
    for (const secret of ["abcd", "secret1", "secret1-and-more"]) some.register(secret);
    expect(some.mask("abcd secret1-and-more secret1")).toBe("abcd *** ***");
  });

  test("knows the secrets of a connection", () => {
    const some = new SecretMasker();
    some.registerConnection({
      id: "c",
      connType: "http",
      host: "h",
      port: null,
      login: "user",
      password: "hunter22",
      schema: null,
      extra: { region: "eu-west-1", nested: { aws_secret_access_key: "AKIA-secret" } },
      uri: "http://user:hunter22@h",
    });
    const basic = Buffer.from("user:hunter22").toString("base64");
    expect(some.mask(`http://user:hunter22@h Basic ${basic} AKIA-secret eu-west-1`)).toBe(
      "http://***@h Basic *** *** eu-west-1",
    );
  });
});

describe("console", () => {
  test("goes to the log of the task that prints, over awaits, and elsewhere outside of tasks", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const logs = [aLog(), aLog()];
    await Promise.all(
      logs.map((log, n) =>
        withConsoleCaptured(log, noLookups, async () => {
          console.log("start %s", n, { n });
          await Promise.resolve();
          console.warn("after", n);
          console.error(new Error(`broken ${n}`));
        }),
      ),
    );
    printed.mockRestore();
    for (const [n, log] of logs.entries()) {
      expect(linesOf(log.drain())).toMatchObject([
        { level: "info", event: `start ${n} {"n":${n}}`, logger: "task.stdout" },
        { level: "warning", event: `after ${n}`, logger: "task.stderr" },
        { level: "error", event: expect.stringContaining(`Error: broken ${n}\n`) },
      ]);
    }
  });

  const CASES: readonly (readonly [readonly unknown[], string])[] = [
    [["a", 1, true, null, undefined], "a 1 true null undefined"],
    [["%s of %d is %i%%", "x", "4.5", 4.9, "rest"], "x of 4.5 is 4% rest"],
    [["%j %o", { a: 1 }, [2]], '{"a":1} [2]'],
    [["%s and %s", "one"], "one and %s"],
    [[new Map([["k", new Set([1n])]])], '{"k":[1]}'],
    [[Symbol("s")], "Symbol(s)"],
  ];
  test.each(CASES)("%j reads %j", (values, text) => {
    expect(formatPrinted(values)).toBe(text);
  });
});

test("a secret across the place where a long line is cut is masked as a whole", () => {
  const masker = new SecretMasker();
  masker.register("hunter22-hunter22");
  const log = aLog(masker);
  log.write("info", `${"x".repeat(LOG_EVENT_LENGTH_MAX - 8)}hunter22-hunter22`, "task");
  expect(log.drain()).not.toContain("hunter22");
});
