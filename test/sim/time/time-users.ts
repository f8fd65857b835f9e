/**
 * @module What users and applications do in a time world: pause, trigger by hand (also for the slot the schedule is about to make), backfill, schedules made at
 * run time, delete. Each is asked for again until it is answered, as a careful client does.
 */
import { askDag } from "../../../src/runtime/ask-dag.ts";
import { cloudflarePorts } from "../../../src/api/cloudflare-ports.ts";
import type { ApiPorts } from "../../../src/api/ports.ts";
import { triggerRun } from "../../../src/api/trigger-run.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import type { BackfillOrder } from "../../../src/model/backfill.ts";
import type { ScheduleFields, ScheduleOrder, ScheduleTiming } from "../../../src/model/run-schedule.ts";
import { Invocation } from "../adapters/fake-queue.ts";
import type { Rng } from "../rng.ts";
import type { Pace } from "./drawn-bundles.ts";
import { MINUTE, type Slot } from "./calendar.ts";
import type { TimePlatform } from "./time-platform.ts";

const AGAIN_MS = 3_000;
const ASKED_MAX = 400;

type Deployed = (dagId: string) => { readonly index: DagIndex; readonly hash: string } | null;

export class TimeUsers {
  /** Runs whose trigger was answered with success: id and incarnation. */
  readonly accepted: { readonly dagId: string; readonly runId: string; readonly incarnation: string }[] = [];
  readonly deleted = new Set<string>();
  readonly #rng: Rng;
  readonly #platform: TimePlatform;
  readonly #pace: Pace;
  readonly #deployed: Deployed;
  readonly #met: (mark: string) => void;
  readonly #schedules: { readonly dagId: string; readonly id: string; readonly timing: ScheduleTiming }[] = [];
  readonly #backfills: { readonly dagId: string; readonly id: number }[] = [];
  #ids = 0;

  constructor(rng: Rng, platform: TimePlatform, pace: Pace, deployed: Deployed, met: (mark: string) => void) {
    this.#rng = rng;
    this.#platform = platform;
    this.#pace = pace;
    this.#deployed = deployed;
    this.#met = met;
  }

  /** One thing a user may do now. `slots`: what the schedule of the DAG makes around now. */
  act(dagId: string, slots: readonly Slot[]): void {
    const rng = this.#rng;
    const kind = rng.below(12);
    if (kind <= 1) this.#pause(dagId, rng.chance(0.5));
    else if (kind <= 3) this.#trigger(dagId, slots);
    else if (kind === 4) this.#delete(dagId);
    else if (kind <= 6) this.#backfill(dagId);
    else if (kind === 7) this.#changeBackfill();
    else if (kind <= 9) this.#schedule(dagId);
    else this.#changeSchedule();
  }

  /** Everything that would go on for ever ends; everything that waits goes on. */
  end(dagIds: readonly string[]): void {
    for (const dagId of dagIds) this.#pause(dagId, false);
    for (const { dagId, id } of this.#backfills) this.#changeOf(dagId, id, "unpause");
    for (const { dagId, id } of this.#schedules)
      this.#ask(dagId, "end of schedule", (ports) => ports.dag(dagId).schedule({ kind: "delete", scheduleId: id }));
  }

  #pause(dagId: string, paused: boolean): void {
    this.#ask(dagId, paused ? "pause" : "unpause", (ports) => ports.dag(dagId).setPaused(paused));
  }

  #trigger(dagId: string, slots: readonly Slot[]): void {
    const rng = this.#rng;
    const { now } = this.#platform.time;
    const slot = slots.length > 0 && rng.chance(0.5) ? rng.pick(slots) : null;
    const later = rng.chance(0.3) ? now + rng.below(this.#pace.horizonMs / 10) : null;
    const id = ++this.#ids;
    const wanted = {
      runId: rng.chance(0.5) ? `mine_${id}` : null,
      runType: "manual",
      triggeredBy: "rest_api",
      triggeringUser: "someone",
      logicalDate: slot?.start ?? null,
      dataInterval: null,
      runAfter: slot === null ? later : now,
      conf: { trigger: id },
      note: null,
    } as const;
    this.#ask(dagId, slot === null ? "manual run" : "manual run for a slot", async (ports, index) => {
      const { runId, incarnation } = await triggerRun(ports, index, dagId, wanted);
      this.accepted.push({ dagId, runId, incarnation });
    });
  }

  #delete(dagId: string): void {
    const rows = this.#platform.dag(dagId).storage.read("SELECT run_id FROM run WHERE state IN ('success', 'failed')");
    if (rows.length === 0) return;
    const runId = String(this.#rng.pick(rows)["run_id"]);
    this.deleted.add(`${dagId}/${runId}`);
    this.#ask(dagId, "delete run", (ports) => ports.dag(dagId).deleteRun(runId));
  }

  #backfill(dagId: string): void {
    const rng = this.#rng;
    const { now } = this.#platform.time;
    const fromDate = now - rng.below(this.#pace.horizonMs);
    const backfillId = ++this.#ids;
    const request = {
      fromDate,
      toDate: fromDate + rng.below(this.#pace.horizonMs / 2),
      runBackwards: rng.chance(0.4),
      conf: rng.chance(0.5) ? { backfill: backfillId } : null,
      reprocessBehavior: rng.pick(["none", "failed", "completed"] as const),
      maxActiveRuns: rng.pick([1, 2, 5]),
    };
    this.#backfills.push({ dagId, id: backfillId });
    this.#ask(dagId, request.runBackwards ? "backfill backwards" : "backfill forwards", (ports, _index, specHash) => {
      const order: BackfillOrder = { kind: "create", specHash, request, backfillId, triggeringUser: "someone" };
      return askDag(ports, dagId, specHash, (dag) => dag.backfill(order));
    });
  }

  #changeBackfill(): void {
    if (this.#backfills.length === 0) return;
    const { dagId, id } = this.#rng.pick(this.#backfills);
    this.#changeOf(dagId, id, this.#rng.pick(["pause", "unpause", "unpause", "cancel"] as const));
  }

  #changeOf(dagId: string, backfillId: number, kind: "pause" | "unpause" | "cancel"): void {
    this.#ask(dagId, `backfill ${kind}`, (ports) => ports.dag(dagId).backfill({ kind, backfillId }));
  }

  #schedule(dagId: string): void {
    const rng = this.#rng;
    const scheduleId = `s${++this.#ids}`;
    const fields: ScheduleFields = {
      timing: this.#timing(),
      conf: { schedule: scheduleId },
      key: null,
      overlap: rng.pick(["queue", "skip", "cancel_running"] as const),
      isPaused: rng.chance(0.1),
      endDate: rng.chance(0.3) ? this.#platform.time.now + rng.below(this.#pace.horizonMs) : null,
    };
    this.#schedules.push({ dagId, id: scheduleId, timing: fields.timing });
    this.#ask(dagId, `schedule ${fields.timing.kind}`, (ports, _index, specHash) => {
      const order: ScheduleOrder = { kind: "create", specHash, scheduleId, fields, createdBy: "app" };
      return askDag(ports, dagId, specHash, (dag) => dag.schedule(order));
    });
  }

  #changeSchedule(): void {
    if (this.#schedules.length === 0) return;
    const { dagId, id: scheduleId } = this.#rng.pick(this.#schedules);
    const kind = this.#rng.below(4);
    const change = kind === 0 ? { isPaused: this.#rng.chance(0.5) } : { timing: this.#timing() };
    if (kind === 1)
      return this.#ask(dagId, "schedule deleted", (ports) => ports.dag(dagId).schedule({ kind: "delete", scheduleId }));
    return this.#ask(dagId, "schedule edited", (ports, _index, specHash) => {
      const order: ScheduleOrder = { kind: "patch", specHash, scheduleId, change };
      return askDag(ports, dagId, specHash, (dag) => dag.schedule(order));
    });
  }

  #timing(): ScheduleTiming {
    const rng = this.#rng;
    const { now } = this.#platform.time;
    const kind = rng.below(3);
    if (kind === 0)
      return { kind: "cron", cron: rng.pick(this.#pace.crons), timezone: rng.pick(["UTC", "Europe/Berlin"]) };
    if (kind === 1)
      return { kind: "every", everyMs: rng.pick(this.#pace.everyMs), anchor: now - rng.below(5 * MINUTE) };
    return { kind: "at", at: now + rng.below(this.#pace.horizonMs / 3) };
  }

  #ask(
    dagId: string,
    mark: string,
    work: (ports: ApiPorts, index: DagIndex, specHash: string) => Promise<unknown>,
    asked = 0,
  ): void {
    const again = (): void => {
      if (asked < ASKED_MAX)
        this.#platform.time.plan(AGAIN_MS * (asked + 1), () => this.#ask(dagId, mark, work, asked + 1));
    };
    const deployed = this.#deployed(dagId);
    if (deployed === null) return;
    this.#met(mark);
    const env = this.#platform.env(new Invocation(again));
    const waitUntil = (later: Promise<unknown>): void => void later.catch(() => undefined);
    const ports = cloudflarePorts(env, deployed.index, waitUntil);
    work(ports, deployed.index, deployed.hash).catch((error: unknown) => {
      if (isPassing(error)) again();
    });
  }
}

/** What a client sends again; a refusal it does not. */
function isPassing(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return Reflect.get(error, "retryable") === true || Reflect.get(error, "code") === "history_unavailable";
}
