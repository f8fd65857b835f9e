/**
 * @module What a bench found, as `--json` writes it, and the tables it prints.
 */
import os from "node:os";
import type { CountedWorkload } from "./count-usage.ts";
import { dollarsPerMillionTasks, PRICES_DATE } from "./prices.ts";
import type { Figure } from "./scale/scale-row.ts";
import type { StateKind } from "./state-folders.ts";
import type { Shape } from "./system.ts";
import type { Measure } from "./workloads.ts";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** One minute's load when the bench started: above a fraction of the cores, the times are not to be trusted. */
  readonly load: number;
}

export interface Counted extends CountedWorkload {
  readonly workload: string;
  readonly shape: Shape;
  readonly runs: number;
}

export interface BenchResult {
  readonly date: string;
  readonly machine: Machine;
  readonly measures: Readonly<Partial<Record<StateKind, readonly Measure[]>>>;
  readonly counted: readonly Counted[];
  readonly figures: Readonly<Partial<Record<StateKind, readonly Figure[]>>>;
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    cores: cpus.length,
    cpu: cpus[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().split("-")[0]} ${os.arch()}`,
    node: process.versions.node,
    load: os.loadavg()[0] ?? 0,
  };
}

/** Markdown, so that it can stand in `docs/performance.md` as it is. */
export function measuresTable(measures: readonly Measure[]): string {
  const rows = measures.map(({ workload, name, unit, airflare, workflows }) => [
    workload,
    name,
    `${number(airflare)} ${unit}`,
    `${number(workflows)} ${unit}`,
    (airflare / workflows).toFixed(2),
  ]);
  return table(["", "what", "Airflare", "Workflows", "Airflare / Workflows"], rows);
}

export function figuresTable(figures: readonly Figure[]): string {
  return table(
    ["", "what", "Airflare"],
    figures.map(({ row, name, unit, value }) => [
      row,
      name,
      unit === "/s" ? `${number(value)}/s` : `${number(value)} ${unit}`,
    ]),
  );
}

export function usageTable(counted: readonly Counted[]): string {
  const columns: readonly [string, (one: Counted) => number][] = [
    ["object calls", ({ usage }) => usage.objectCalls],
    ["alarms", ({ usage }) => usage.alarms],
    ["queue messages", ({ usage }) => usage.queueMessages],
    ["object rows written", ({ usage }) => usage.objectRowsWritten],
    ["D1 rows written", ({ usage }) => usage.d1RowsWritten],
    ["D1 statements", ({ usage }) => usage.d1Statements],
    ["R2 operations", ({ usage }) => usage.r2ClassA + usage.r2ClassB],
    [`$ per million (prices of ${PRICES_DATE})`, ({ usage }) => dollarsPerMillionTasks(usage)],
  ];
  const rows = counted.map((one) => [
    `${one.workload} ${one.shape.kind} of ${one.shape.size}${one.runs > 1 ? `, ${one.runs} runs` : ""}`,
    ...columns.map(([, of]) => of(one).toFixed(2)),
  ]);
  return table(["per task", ...columns.map(([name]) => name)], rows);
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(value >= 10 ? 1 : 2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}
