/**
 * @module Archive of a finished run's logs: one R2 object per generation (more when they are very large), a gzip member per attempt, and an index
 * that says which bytes are whose. Reading one attempt fetches only its bytes.
 */
import type { ObjectStore } from "./object-store.ts";

/** Logs up to this size stay with the run's object, in characters. */
export const LOGS_KEPT_CHARACTERS_MAX = 64 * 1024;
/** Compressed bytes per object: bounds what is held in memory while archiving. */
const PART_BYTES = 16 * 1024 * 1024;
/** Attempts per object: their index is one row of the run, below the platform's row limit. */
const PART_LOGS_MAX = 5_000;

/** Where the log of one try lies: `length` bytes from `offset` on in part `part`. */
export interface ArchivedLog {
  readonly ord: number;
  readonly tryNumber: number;
  readonly offset: number;
  readonly length: number;
}

export interface LogArchivePart {
  readonly key: string;
  readonly logs: readonly ArchivedLog[];
}

/** Writes the logs that `attempts` yields; the answer is the index to keep. A repeat overwrites the same keys. */
export async function archiveLogs(
  objects: ObjectStore,
  key: string,
  attempts: Iterable<{ readonly ord: number; readonly tryNumber: number; readonly text: string }>,
): Promise<readonly LogArchivePart[]> {
  const parts: LogArchivePart[] = [];
  let members: Uint8Array[] = [];
  let logs: ArchivedLog[] = [];
  let size = 0;
  const close = async (): Promise<void> => {
    if (logs.length === 0) return;
    const partKey = parts.length === 0 ? key : `${key}.${parts.length}`;
    await objects.put(partKey, joined(members, size));
    parts.push({ key: partKey, logs });
    [members, logs, size] = [[], [], 0];
  };
  for (const { ord, tryNumber, text } of attempts) {
    const member = await gzip(text);
    if (size + member.byteLength > PART_BYTES || logs.length >= PART_LOGS_MAX) await close();
    logs.push({ ord, tryNumber, offset: size, length: member.byteLength });
    members.push(member);
    size += member.byteLength;
  }
  await close();
  return parts;
}

/** The text of one try, or null when the archive does not have it (any more). */
export async function readArchivedLog(
  objects: ObjectStore,
  parts: readonly LogArchivePart[],
  ord: number,
  tryNumber: number,
): Promise<string | null> {
  for (const part of parts) {
    const log = part.logs.find((candidate) => candidate.ord === ord && candidate.tryNumber === tryNumber);
    if (log === undefined) continue;
    const member = await objects.getRange(part.key, log.offset, log.length);
    return member === null ? null : gunzip(member);
  }
  return null;
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function gunzip(bytes: Uint8Array): Promise<string> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function joined(members: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let offset = 0;
  for (const member of members) {
    all.set(member, offset);
    offset += member.byteLength;
  }
  return all;
}
