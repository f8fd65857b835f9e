/**
 * @module What a run's storage must do, as cases over the narrow SQL interface: run on `node:sqlite` and inside a real object.
 */
import {
  appendLog,
  loggedAttempts,
  logSize,
  readLogLines,
  readLogText,
} from "../../src/cloudflare/dag-run/log-rows.ts";
import {
  clearXComs,
  deleteXCom,
  hasXCom,
  ordsWithXComs,
  readXComsAmong,
  readXComsOf,
  readXComsWithin,
  writeXComs,
} from "../../src/cloudflare/dag-run/xcom-rows.ts";
import {
  deleteOutbox,
  hasRun,
  insertOnce,
  insertOutbox,
  readErrors,
  readNotes,
  readOnce,
  readOutbox,
  readRun,
  readTries,
  readTriesSince,
  writeError,
  writeFacts,
  writeFixed,
  writeInstances,
  writeNote,
  writeState,
  writeTry,
} from "../../src/cloudflare/dag-run/storage.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../support/spec-builders.ts";
import { CallAnswers } from "../../src/cloudflare/dag-run/call-answers.ts";
import type { Command } from "../../src/model/command.ts";
import type { Sql } from "../../src/cloudflare/dag-run/sql.ts";
import type { TaskInstance } from "../../src/model/task-instance.ts";
import type { XComValue } from "../../src/model/xcom.ts";
import { expect } from "vitest";
import { freshInstance } from "../../src/engine/dag-run/create.ts";
import { newBook } from "../../src/cloudflare/dag-run/book.ts";

const head = aDagRunHead({ conf: { text: "ä😀" }, params: { limit: 3 } });
const spec = aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })] });

export interface StorageCase {
  readonly name: string;
  readonly run: (sql: Sql) => void;
}

export const STORAGE_CASES: readonly StorageCase[] = [
  {
    name: "looking for a run where there is none creates no table",
    run(sql) {
      expect(hasRun(sql)).toBe(false);
      expect(tablesOf(sql)).toEqual([]);
    },
  },
  {
    name: "a created run is read back as it was",
    run(sql) {
      const instances = manyInstances(3);
      create(sql, instances);
      expect(hasRun(sql)).toBe(true);
      const rest = { book: newBook(), calls: [], spec, longest: { a: 12 }, facts: new Map() };
      expect(readRun(sql)).toEqual({ head, instances, ...rest });
      expect(tablesOf(sql)).toEqual(["cell"]);
    },
  },
  {
    name: "a spec longer than a row is cut at no character and joined again",
    run(sql) {
      create(sql, []);
      const long = { ...spec, docMd: `${"x".repeat(199_999)}😀`.repeat(6) };
      writeFixed(sql, { head, longest: {} }, JSON.stringify(long));
      expect(readRun(sql).spec).toEqual(long);
      const sizes = sql.exec("SELECT length(CAST(v AS BLOB)) AS size FROM cell").map((row) => Number(row["size"]));
      expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    },
  },
  {
    name: "one changed instance rewrites its block of 64 and no other",
    run(sql) {
      const instances = manyInstances(200);
      create(sql, instances);
      const changed = instances[70];
      if (changed !== undefined)
        Object.assign(changed, { state: "running", nonce: 2 ** 47 + 1, startedAt: 1_767_225_600_123 });
      const before = sql.rowsWritten;
      writeInstances(sql, instances, [70]);
      expect(sql.rowsWritten - before).toBe(1);
      expect(readRun(sql).instances).toEqual(instances);
    },
  },
  {
    name: "a run of up to 64 instances is one row in each commit, and grows out of it",
    run(sql) {
      const instances = manyInstances(64);
      create(sql, instances);
      const before = sql.rowsWritten;
      writeInstances(sql, instances, [3]);
      writeState(sql, { head, instances }, newBook(), [{ id: "c", until: 5, answer: { tokens: ["t"], stale: [] } }]);
      expect(sql.rowsWritten - before).toBe(1);
      expect(readRun(sql).calls).toEqual([{ id: "c", until: 5, answer: { tokens: ["t"], stale: [] } }]);
      const more = manyInstances(130);
      Object.assign(more[5] ?? {}, { state: "success", seq: 4 });
      writeInstances(sql, more, [64, 129]);
      writeState(sql, { head, instances: more }, newBook(), []);
      expect(readRun(sql).instances).toEqual(more);
    },
  },
  {
    name: "a transaction that throws leaves nothing behind",
    run(sql) {
      create(sql, manyInstances(1));
      const attempt = (): void =>
        sql.transactionSync<void>(() => {
          writeState(sql, { head: { ...head, state: "failed" }, instances: [] }, newBook(), []);
          writeNote(sql, 0, "half");
          throw new Error("in the middle");
        });
      expect(attempt).toThrow("in the middle");
      expect(readRun(sql).head.state).toBe("queued");
      expect(readNotes(sql, [0]).size).toBe(0);
    },
  },
  {
    name: "facts, errors, notes and tries are kept by instance and can be taken away",
    run(sql) {
      create(sql, manyInstances(2));
      writeFacts(sql, 1, { follow: ["x"], lengths: { return_value: null } });
      writeError(sql, 1, { code: "E", message: "m".repeat(100_000), cause: { code: "C", message: "c" } });
      writeNote(sql, 1, "note");
      expect(readRun(sql).facts.get(1)).toEqual({ follow: ["x"], lengths: { return_value: null } });
      expect(readErrors(sql, [0, 1]).get(1)?.message.length).toBe(64_000);
      expect(readNotes(sql, [0])).toEqual(new Map());
      writeError(sql, 1, null);
      writeNote(sql, 1, null);
      writeFacts(sql, 1, undefined);
      expect([readErrors(sql, [1]).size, readNotes(sql, [1]).size, readRun(sql).facts.size]).toEqual([0, 0, 0]);
    },
  },
  {
    name: "tries are listed by instance and by the change that ended them",
    run(sql) {
      create(sql, manyInstances(1));
      const record = { ord: 0, state: "failed", queuedAt: 1, startedAt: 2, endedAt: 3, error: "e" } as const;
      writeTry(sql, { ...record, tryNumber: 1 }, 5);
      writeTry(sql, { ...record, tryNumber: 2 }, 9);
      expect(readTries(sql, 0).map((one) => one.tryNumber)).toEqual([1, 2]);
      expect(readTriesSince(sql, 5, 0, 63)).toEqual([{ ...record, tryNumber: 2 }]);
      expect(readTriesSince(sql, 5, 64, 127)).toEqual([]);
    },
  },
  {
    name: "XComs are read by key over many instances, in order of instance, with their size known before",
    run(sql) {
      create(sql, manyInstances(1));
      for (const ord of [2, 0, 1]) writeXComs(sql, [{ ord, xcoms: [{ key: "k", value: inline(`"${ord}"`) }] }], 7);
      writeXComs(sql, [{ ord: 1, xcoms: [{ key: "other", value: inline("1") }] }], 7);
      const size = 4 * JSON.stringify(inline('"0"')).length;
      expect(readXComsWithin(sql, [9, 2, 1, 0], "k", size)?.rows.map((row) => row.ord)).toEqual([0, 1, 2]);
      expect(readXComsWithin(sql, [0, 1], "k", size)?.characters).toBe(size / 2);
      expect(readXComsWithin(sql, [0, 1, 2], "k", size / 2)).toBeNull();
      expect(readXComsOf(sql, 1, null, "k", 10).map((row) => row.key)).toEqual(["other"]);
      expect(ordsWithXComs(sql, 1, 10)).toEqual([1, 2]);
      expect([deleteXCom(sql, 1, "k"), deleteXCom(sql, 1, "k"), hasXCom(sql, 1, "other")]).toEqual([true, false, true]);
      clearXComs(sql, [1]);
      expect(hasXCom(sql, 1, "other")).toBe(false);
    },
  },
  {
    name: "XComs of many instances share rows, large ones have their own; both are found, replaced and taken away",
    run(sql) {
      create(sql, manyInstances(200));
      const before = sql.rowsWritten;
      const ords = Array.from({ length: 200 }, (_, ord) => ord);
      const small = ords.map((ord) => ({ ord, xcoms: [{ key: "k", value: inline(String(ord)) }] }));
      writeXComs(sql, small, 7);
      expect(sql.rowsWritten - before).toBe(4);
      const large = inline(JSON.stringify("x".repeat(5_000)));
      writeXComs(
        sql,
        [10, 150].map((ord) => ({
          ord,
          xcoms: [
            { key: "k", value: large },
            { key: "a", value: large },
          ],
        })),
        8,
      );
      expect(readXComsWithin(sql, ords, "k", 1_000_000)?.rows.map(({ ord }) => ord)).toEqual(ords);
      expect(readXComsOf(sql, 10, null, null, 10).map(({ key, value }) => [key, value])).toEqual([
        ["a", large],
        ["k", large],
      ]);
      const among = [9, 10, 70, 150];
      expect([...readXComsAmong(sql, among, null)].map(({ ord, key }) => `${ord}${key}`)).toEqual([
        "9k",
        "10a",
        "10k",
        "70k",
        "150a",
        "150k",
      ]);
      expect([...readXComsAmong(sql, among, "a")].map(({ ord }) => ord)).toEqual([10, 150]);
      writeXComs(sql, [{ ord: 10, xcoms: [{ key: "k", value: inline("1") }] }], 9);
      expect(readXComsWithin(sql, [10], "k", 100)?.rows).toEqual([
        { ord: 10, key: "k", writtenAt: 9, value: inline("1") },
      ]);
      expect(ordsWithXComs(sql, 148, 5)).toEqual([148, 149, 150, 151, 152]);
      clearXComs(sql, [10, 150]);
      expect([hasXCom(sql, 10, "a"), hasXCom(sql, 10, "k"), hasXCom(sql, 150, "k"), hasXCom(sql, 151, "k")]).toEqual([
        false,
        false,
        false,
        true,
      ]);
      expect([deleteXCom(sql, 151, "k"), ordsWithXComs(sql, 149, 2)]).toEqual([true, [149, 152]]);
    },
  },
  {
    name: "a row of shared XComs is never long: what does not fit has its own",
    run(sql) {
      create(sql, manyInstances(64));
      const text = JSON.stringify("y".repeat(900));
      for (let ord = 0; ord < 64; ord++) writeXComs(sql, [{ ord, xcoms: [{ key: "k", value: inline(text) }] }], 1);
      expect(
        Math.max(...sql.exec("SELECT length(v) AS size FROM cell").map((row) => Number(row["size"]))),
      ).toBeLessThan(40_000);
      expect(
        readXComsWithin(
          sql,
          Array.from({ length: 64 }, (_, ord) => ord),
          "k",
          100_000,
        )?.rows,
      ).toHaveLength(64);
    },
  },
  {
    name: "log lines are paged over rows, whole lines only",
    run(sql) {
      create(sql, manyInstances(1));
      const lines = Array.from({ length: 30 }, (_, i) => `${i}:${"l".repeat(20_000)}`);
      appendLog(sql, 0, 1, lines.slice(0, 29).join("\n"));
      appendLog(sql, 0, 1, lines.slice(29).join("\n"));
      appendLog(sql, 0, 2, "second try\n");
      expect(readLogLines(sql, 0, 1, 8, 14)).toEqual({ lines: lines.slice(8, 22), total: 30 });
      expect(readLogText(sql, 0, 2)).toBe("second try\n");
      expect(loggedAttempts(sql)).toEqual([
        { ord: 0, tryNumber: 1 },
        { ord: 0, tryNumber: 2 },
      ]);
      expect(logSize(sql)).toBeGreaterThan(600_000);
    },
  },
  {
    name: "outbox rows wait in order until they are taken out",
    run(sql) {
      create(sql, manyInstances(1));
      const commands: Command[] = [1, 2].map((n) => ({
        kind: "dag-callback",
        id: `c${n}`,
        callback: "failure",
        reason: "task_failure",
      }));
      insertOutbox(sql, commands);
      const rows = readOutbox(sql, 10);
      expect(rows.map((row) => row.command)).toEqual(commands);
      deleteOutbox(sql, [rows[0]?.id ?? -1]);
      expect(readOutbox(sql, 10).map((row) => row.command)).toEqual(commands.slice(1));
    },
  },
  {
    name: "a call's long answer is kept over a restart until it expires, and its row is used again",
    run(sql) {
      create(sql, manyInstances(1));
      const long = Array.from({ length: 50 }, (_, i) => `token ${i} of many`);
      const answers = new CallAnswers(sql, []);
      answers.put("one", { tokens: long, stale: [] }, 0, 100);
      answers.put("two", { tokens: [], stale: long }, 50, 150);
      const restarted = new CallAnswers(sql, answers.kept);
      expect(restarted.get("one")).toEqual({ tokens: long, stale: [] });
      restarted.put("three", { tokens: long, stale: [] }, 120, 220);
      expect([restarted.get("one"), restarted.get("two")?.stale]).toEqual([undefined, long]);
      expect(sql.exec("SELECT id FROM call ORDER BY slot").map((row) => row["id"])).toEqual(["three", "two"]);
    },
  },
  {
    name: "short answers of few calls need no row of their own, and go when they have expired",
    run(sql) {
      create(sql, manyInstances(1));
      const answers = new CallAnswers(sql, []);
      for (let i = 0; i < 12; i++) answers.put(`call ${i}`, { tokens: [`t${i}`], stale: [] }, i, 100 + i);
      expect([answers.kept.length, sql.exec("SELECT id FROM call").length]).toEqual([8, 4]);
      expect(new CallAnswers(sql, answers.kept).get("call 3")).toEqual({ tokens: ["t3"], stale: [] });
      answers.put("late", { tokens: [], stale: [] }, 104, 200);
      expect(answers.kept.map(({ id }) => id)).toEqual(["call 5", "call 6", "call 7", "late"]);
      expect([answers.get("call 3"), answers.get("call 11")?.tokens]).toEqual([undefined, ["t11"]]);
    },
  },
  {
    name: "a once key holds its first text",
    run(sql) {
      create(sql, manyInstances(1));
      insertOnce(sql, 0, "charge", "1");
      expect(() => insertOnce(sql, 0, "charge", "2")).toThrow();
      expect([readOnce(sql, 0, "charge"), readOnce(sql, 1, "charge")]).toEqual(["1", null]);
    },
  },
];

function create(sql: Sql, instances: readonly TaskInstance[]): void {
  sql.transactionSync<void>(() => {
    writeFixed(sql, { head, longest: { a: 12 } }, JSON.stringify(spec));
    writeInstances(
      sql,
      instances,
      instances.map((instance) => instance.ord),
    );
    writeState(sql, { head, instances }, newBook(), []);
  });
}

function inline(text: string): XComValue {
  return { in: "inline", text };
}

function manyInstances(count: number): TaskInstance[] {
  return Array.from({ length: count }, (_, ord) => freshInstance(ord, 0, count === 1 ? -1 : ord, 2));
}

function tablesOf(sql: Sql): readonly string[] {
  const rows = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'");
  return rows.map((row) => String(row["name"]));
}
