/**
 * @module XComs as the attempts of one batch read them: what came with the batch, pages fetched for what was left out, objects of R2.
 * Each attempt gets values of its own: changing an input never changes a mate's.
 */
import { decode, encode } from "../lib/codec.ts";
import type { TaskId } from "../model/ids.ts";
import type { AttemptBatch, DagRunPort, XComEntry } from "../model/protocol.ts";
import type { XComValue } from "../model/xcom.ts";
import type { StoredXComs } from "./stored-xcom.ts";
import { pickPath } from "./value-path.ts";

/** Entries asked for in one page; the run's object may answer fewer. */
const PAGE_LIMIT = 2_000;

/** The part of a batch that is about XComs. */
export type XComSource = Pick<AttemptBatch, "xcoms" | "xcomsLeftOut" | "mappedTasks">;

export class XComReader {
  readonly #run: Pick<DagRunPort, "readXComs">;
  readonly #stored: StoredXComs;
  readonly #source: XComSource;
  readonly #mapped: ReadonlySet<TaskId>;
  #handed: ReadonlyMap<string, readonly XComEntry[]> | null = null;
  #leftOut: ReadonlySet<string> | null = null;
  /** What this driver's own attempts pushed and the run's object may not have yet. */
  readonly #own = new Map<string, XComEntry>();
  readonly #fetched = new Map<string, Promise<readonly XComEntry[]>>();
  /** By key: tasks whose values are about to be asked for in one go. */
  readonly #together = new Map<
    string,
    { readonly taskIds: TaskId[]; readonly byTask: Promise<ReadonlyMap<TaskId, readonly XComEntry[]>> }
  >();
  /** Decoded values that several attempts take a part of. Never handed out whole. */
  readonly #decoded = new WeakMap<XComValue, Promise<unknown>>();

  constructor(run: Pick<DagRunPort, "readXComs">, stored: StoredXComs, source: XComSource) {
    this.#run = run;
    this.#stored = stored;
    this.#source = source;
    this.#mapped = new Set(source.mappedTasks);
  }

  /** Values of an attempt that is about to be reported, for the next task of its segment. */
  add(entries: readonly XComEntry[]): void {
    for (const entry of entries) this.#own.set(`${entry.taskId}\0${entry.key}`, entry);
  }

  /** True when the value of this task is a list, one item per instance. */
  isMapped(taskId: TaskId): boolean {
    return this.#mapped.has(taskId);
  }

  /** XComs of an upstream task that the attempt's arguments name, by map index. Everything such was handed out or named as left out. */
  async ofUpstream(taskId: TaskId, key: string, mapIndex?: number): Promise<readonly XComEntry[]> {
    const name = `${taskId}\0${key}`;
    const own = this.#own.get(name);
    if (own !== undefined) return [own];
    this.#leftOut ??= new Set(this.#source.xcomsLeftOut.map((out) => `${out.taskId}\0${out.key}`));
    const entries = this.#leftOut.has(name)
      ? await this.#leftOutEntries(taskId, key, mapIndex)
      : this.#handedEntries(name);
    return mapIndex === undefined ? entries : entries.filter((entry) => entry.mapIndex === mapIndex);
  }

  /** XComs of any task of the run, as they are now, by map index (`xcomPull`). */
  fetch(taskId: TaskId, key: string, mapIndexes?: readonly number[]): Promise<readonly XComEntry[]> {
    const own = this.#own.get(`${taskId}\0${key}`);
    if (own !== undefined) return Promise.resolve(mapIndexes?.includes(own.mapIndex) === false ? [] : [own]);
    const name = `${taskId}\0${key}\0${mapIndexes?.join() ?? ""}`;
    const known = this.#fetched.get(name);
    if (known !== undefined) return known;
    const fetching = this.#fetchPages([taskId], key, mapIndexes).then(byMapIndex);
    // Only what the run says never changes while this batch runs is kept; a pull of another task asks again.
    if (this.#leftOut?.has(`${taskId}\0${key}`) === true) {
      this.#fetched.set(name, fetching);
      fetching.catch(() => this.#fetched.delete(name));
    }
    return fetching;
  }

  /** The value, or the part of it at `path`; the caller's own. Streams of R2 come as a `ReadableStream`. */
  async load(value: XComValue, path: readonly string[] = []): Promise<unknown> {
    if (value.in === "r2" && value.encoding === "stream") return pickPath(await this.#stored.stream(value), path);
    if (path.length === 0 && !this.#decoded.has(value)) return this.#decode(value);
    return ownCopy(pickPath(await this.shared(value), path));
  }

  /** The value, decoded once for all attempts: take parts of it with {@link ownCopy}. */
  shared(value: XComValue): Promise<unknown> {
    let decoding = this.#decoded.get(value);
    if (decoding === undefined) {
      // Kept before it is done: the instances of a mapped task ask all at once.
      decoding = this.#decode(value);
      this.#decoded.set(value, decoding);
      decoding.catch(() => this.#decoded.delete(value));
    }
    return decoding;
  }

  async #decode(value: XComValue): Promise<unknown> {
    if (value.in === "inline") return decode(await this.#stored.opened(value.text));
    const bytes = await this.#stored.bytes(value);
    if (value.encoding === "devalue") return decode(await this.#stored.opened(new TextDecoder().decode(bytes)));
    const copy = bytes.slice();
    return value.encoding === "buffer" ? copy.buffer : copy;
  }

  /** What was left out is asked for together, as far as it is wanted in one turn: a join of 10,000 tasks asks for 10,000 values. */
  #leftOutEntries(taskId: TaskId, key: string, mapIndex: number | undefined): Promise<readonly XComEntry[]> {
    if (mapIndex !== undefined) return this.fetch(taskId, key, [mapIndex]);
    const name = `${taskId}\0${key}\0`;
    const known = this.#fetched.get(name);
    if (known !== undefined) return known;
    let together = this.#together.get(key);
    if (together === undefined) {
      const taskIds: TaskId[] = [];
      const byTask = Promise.resolve().then(async () => {
        this.#together.delete(key);
        return Map.groupBy(await this.#fetchPages(taskIds, key, undefined), (entry) => entry.taskId);
      });
      together = { taskIds, byTask };
      this.#together.set(key, together);
    }
    together.taskIds.push(taskId);
    const fetching = together.byTask.then((byTask) => byMapIndex(byTask.get(taskId) ?? []));
    this.#fetched.set(name, fetching);
    fetching.catch(() => this.#fetched.delete(name));
    return fetching;
  }

  #handedEntries(name: string): readonly XComEntry[] {
    this.#handed ??= Map.groupBy(this.#source.xcoms, (entry) => `${entry.taskId}\0${entry.key}`);
    return byMapIndex(this.#handed.get(name) ?? []);
  }

  async #fetchPages(
    taskIds: readonly TaskId[],
    key: string,
    mapIndexes: readonly number[] | undefined,
  ): Promise<readonly XComEntry[]> {
    const found: XComEntry[] = [];
    let after: { readonly ord: number; readonly key: string } | undefined;
    do {
      // Pages follow each other: each needs the end of the one before.
      const page = await this.#run.readXComs({
        taskIds,
        key,
        limit: PAGE_LIMIT,
        ...(mapIndexes === undefined ? {} : { mapIndexes }),
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.entries);
      after = page.more ?? undefined;
    } while (after !== undefined);
    return found;
  }
}

/** A copy that shares nothing with a value several attempts see. */
export function ownCopy(value: unknown): unknown {
  return typeof value === "object" && value !== null ? decode(encode(value)) : value;
}

/** In order and each once: attempts of one batch may have named the same value in different ways. */
function byMapIndex(entries: readonly XComEntry[]): readonly XComEntry[] {
  if (entries.length < 2) return entries;
  const sorted = entries.toSorted((a, b) => a.mapIndex - b.mapIndex);
  return sorted.filter((entry, at) => entry.mapIndex !== sorted[at - 1]?.mapIndex);
}
