/**
 * @module Storage of one Durable Object on `node:sqlite`: what one turn writes is committed as one at its end together with the alarm, or not at all;
 * a life of the object that ended cannot touch it any more. Enforces the limits of the platform's SQLite.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type CallScope, limit, transportError } from "./calls.ts";

const BINDINGS_MAX = 100;
const STATEMENT_BYTES_MAX = 100_000;
/** The platform takes 2 MB; the reliability page keeps to half of it. */
const ROW_BYTES_MAX = 1_000_000;

export class ObjectStorage {
  alarmAt: number | null = null;
  readonly #scope: CallScope;
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  readonly #onAlarm: () => void;
  readonly #onReset: () => void;
  readonly #onCommit: (kept: boolean) => void;
  #turn: PromiseWithResolvers<void> | null = null;
  #nextAlarm: number | null = null;
  #unarm: () => void = () => undefined;

  /** `reset`: the platform resets the object, because what it wrote could not be kept or because it chooses to. `committed`: a turn's rows are kept, or gone. */
  constructor(
    scope: CallScope,
    on: { readonly alarm: () => void; readonly reset: () => void; readonly committed: (kept: boolean) => void },
  ) {
    this.#scope = scope;
    this.#onAlarm = on.alarm;
    this.#onReset = on.reset;
    this.#onCommit = on.committed;
  }

  /** What the object's constructor gets as `ctx`. */
  context(name: string, isAlive: () => boolean): DurableObjectState {
    const guarded = <A extends unknown[], T>(work: (...args: A) => T): ((...args: A) => T) => {
      return (...args) => {
        // As on the platform: what a dead object still does is nobody's failure.
        if (!isAlive()) throw Object.assign(transportError("this object was reset"), { durableObjectId: name });
        return work(...args);
      };
    };
    const storage = {
      sql: { exec: guarded((statement: string, ...bindings: SQLInputValue[]) => this.#cursor(statement, bindings)) },
      transactionSync: guarded((work: () => unknown) => this.#savepoint(work)),
      setAlarm: guarded(async (at: number) => {
        this.#open();
        this.#nextAlarm = at;
      }),
      deleteAlarm: guarded(async () => {
        this.#open();
        this.#nextAlarm = null;
      }),
      deleteAll: guarded(async () => this.#deleteAll()),
    };
    const blockConcurrencyWhile = (work: () => Promise<unknown>): Promise<unknown> => work();
    const waitUntil = (work: Promise<unknown>): void => void work.catch(() => undefined);
    const context = { id: { name }, storage, waitUntil, blockConcurrencyWhile };
    return context as unknown as DurableObjectState;
  }

  /** All rows of a read, for checks; none where no row was ever written. */
  read(statement: string, ...bindings: SQLInputValue[]): readonly Readonly<Record<string, unknown>>[] {
    try {
      return this.#prepared(statement).all(...bindings);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("no such table")) return [];
      throw error;
    }
  }

  /** Settles when everything written so far is durable; never when that is rolled back. */
  durable(): Promise<void> {
    return this.#turn?.promise ?? Promise.resolve();
  }

  /** What the turn at hand wrote is gone. */
  rollback(): void {
    if (this.#turn === null) return;
    this.#turn = null;
    this.#database.exec("ROLLBACK");
    this.#onCommit(false);
  }

  /** The alarm went off: it is used up. */
  alarmFired(): void {
    this.alarmAt = null;
  }

  close(): void {
    this.#unarm();
    this.#statements.clear();
    this.#database.close();
  }

  #cursor(statement: string, bindings: SQLInputValue[]): { toArray(): unknown[]; readonly rowsWritten: number } {
    const bytes = bindings.reduce((sum: number, value) => sum + (typeof value === "string" ? value.length : 8), 0);
    limit(this.#scope, bindings.length <= BINDINGS_MAX, `${bindings.length} bindings in one statement`);
    limit(this.#scope, statement.length <= STATEMENT_BYTES_MAX, `a statement of ${statement.length} bytes`);
    limit(this.#scope, bytes <= ROW_BYTES_MAX, `a row of ${bytes} bytes by ${statement}`);
    if (/^\s*SELECT/i.test(statement)) {
      const rows = this.#prepared(statement).all(...bindings);
      return { toArray: () => rows, rowsWritten: 0 };
    }
    this.#open();
    if (this.#scope.plan.onStatement(statement)) throw new Error("database or disk is full: SQLITE_FULL");
    const { changes } = this.#prepared(statement).run(...bindings);
    return { toArray: () => [], rowsWritten: Number(changes) };
  }

  #prepared(statement: string): StatementSync {
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }

  #savepoint(work: () => unknown): unknown {
    this.#open();
    this.#database.exec("SAVEPOINT work");
    try {
      const answer = work();
      this.#database.exec("RELEASE work");
      return answer;
    } catch (error) {
      this.#database.exec("ROLLBACK TO work");
      this.#database.exec("RELEASE work");
      throw error;
    }
  }

  #deleteAll(): void {
    this.#open();
    this.#nextAlarm = null;
    this.#statements.clear();
    const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for (const { name } of this.#database.prepare(tables).all()) this.#database.exec(`DROP TABLE "${String(name)}"`);
  }

  #open(): void {
    if (this.#turn !== null) return;
    const turn = Promise.withResolvers<void>();
    this.#turn = turn;
    this.#nextAlarm = this.alarmAt;
    this.#database.exec("BEGIN");
    queueMicrotask(() => this.#commit(turn));
  }

  #commit(turn: PromiseWithResolvers<void>): void {
    if (this.#turn !== turn) return;
    const fault = this.#scope.plan.onCall("storage.commit");
    if (fault === "refused" || fault === "killed") {
      this.rollback();
      this.#onReset();
      return;
    }
    this.#turn = null;
    this.#database.exec("COMMIT");
    if (this.#nextAlarm !== this.alarmAt) this.#arm(this.#nextAlarm);
    turn.resolve();
    this.#onCommit(true);
    if (fault !== "none") this.#onReset();
  }

  #arm(at: number | null): void {
    const { time, plan } = this.#scope;
    this.#unarm();
    this.alarmAt = at;
    if (at !== null) this.#unarm = time.plan(Math.max(at - time.now, 0) - plan.alarmEarlyMs(), this.#onAlarm);
  }
}
