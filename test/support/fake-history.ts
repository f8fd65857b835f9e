/**
 * @module The history of the API's tests, in memory.
 */
import type {
  DagRow,
  DagRunRow,
  DagVersion,
  HistoryPort,
  ImportErrorRow,
  TaskInstanceRow,
} from "../../src/api/ports.ts";
import type { AirflareError } from "../../src/model/error.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import { START } from "./runtime-fakes.ts";

/** The history as lists; a page is cut, filters are only remembered (`asked`). */
export class FakeHistory implements HistoryPort {
  readonly dags = new Map<string, DagRow>();
  readonly versions: DagVersion[] = [];
  readonly importErrors: ImportErrorRow[] = [];
  readonly asked: unknown[] = [];
  runs: readonly DagRunRow[] = [];
  instances: readonly TaskInstanceRow[] = [];
  fail: AirflareError | null = null;
  tickAt: number | null = START;

  async listDags(...[filter, page]: Parameters<HistoryPort["listDags"]>) {
    this.#remember(filter, page);
    return cut(
      [...this.dags.values()].filter((row) => filter.dagIds?.includes(row.dagId) ?? true),
      page,
    );
  }
  async getDag(dagId: string) {
    this.#remember(dagId);
    return this.dags.get(dagId) ?? null;
  }
  async listTags(...[pattern, page]: Parameters<HistoryPort["listTags"]>) {
    this.#remember(pattern, page);
    return cut([...new Set([...this.dags.values()].flatMap((row) => row.tags))], page);
  }
  async listVersions(...[dagId, page]: Parameters<HistoryPort["listVersions"]>) {
    this.#remember(dagId, page);
    return cut(
      this.versions.map((version) => ({ ...version, displayName: version.dagId })),
      page,
    );
  }
  async findVersion(dagId: string, versionNumber: number) {
    return this.versions.find((version) => version.dagId === dagId && version.versionNumber === versionNumber) ?? null;
  }
  async findVersionOfSpec(dagId: string, specHash: string) {
    this.#remember(dagId, specHash);
    return this.versions.find((version) => version.dagId === dagId && version.specHash === specHash) ?? null;
  }
  async listRuns(...[filter, page]: Parameters<HistoryPort["listRuns"]>) {
    this.#remember(filter, page);
    return cut(this.runs, page);
  }
  async listTaskInstances(...[filter, page]: Parameters<HistoryPort["listTaskInstances"]>) {
    this.#remember(filter, page);
    return cut(this.instances, page);
  }
  async countRuns() {
    return this.runs.map(({ run }) => ({ dagId: run.dagId, state: run.state, count: 1 }));
  }
  async listImportErrors(...[pattern, page]: Parameters<HistoryPort["listImportErrors"]>) {
    this.#remember(pattern, page);
    return cut(this.importErrors, page);
  }
  async findImportError(id: number) {
    return this.importErrors.find((row) => row.id === id) ?? null;
  }
  async deleteRun(dagId: string, runId: string) {
    this.runs = this.runs.filter(({ run }) => run.dagId !== dagId || run.runId !== runId);
  }
  async heartbeats() {
    this.#remember();
    return { tickAt: this.tickAt, deployAt: START };
  }

  #remember(...call: readonly unknown[]): void {
    if (this.fail !== null) throw this.fail;
    this.asked.push(call);
  }
}

function cut<Row>(rows: readonly Row[], page: { readonly offset: number; readonly limit: number }) {
  return { rows: rows.slice(page.offset, page.offset + page.limit), total: rows.length };
}

/** A row as a deploy writes it. */
export function dagRow(spec: DagSpec, specHash: string): DagRow {
  return {
    dagId: spec.dagId,
    displayName: spec.displayName ?? spec.dagId,
    description: spec.description,
    isPaused: false,
    isStale: false,
    hasImportErrors: false,
    relativeFileloc: spec.relativeFileloc,
    owners: ["airflow"],
    tags: spec.tags,
    timetableSummary: spec.scheduleText,
    timetableKind: spec.schedule.kind,
    maxActiveTasks: spec.maxActiveTasks,
    maxActiveRuns: spec.maxActiveRuns,
    maxConsecutiveFailedDagRuns: spec.maxConsecutiveFailedDagRuns,
    hasTaskConcurrencyLimits: false,
    warnings: spec.warnings,
    specHash,
    versionNumber: 1,
    bundleVersion: "b1",
    lastParsedAt: START,
    nextLogicalDate: null,
    nextIntervalStart: null,
    nextIntervalEnd: null,
    nextRunAfter: null,
    specJson: JSON.stringify(spec),
  };
}
