/**
 * @module Where state lives while it is measured: a disk (below the project), or memory (a tmpfs).
 */
import { rmSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import process from "node:process";

export type StateKind = "disk" | "memory";

const DISK = path.join(path.dirname(import.meta.dirname), ".airflare", "bench");
const MEMORY = "/dev/shm";

/** The folder to put state folders into, or null where this machine has none of that kind. */
async function baseFolder(kind: StateKind): Promise<string | null> {
  if (kind === "disk") {
    await fs.mkdir(DISK, { recursive: true });
    return DISK;
  }
  return fs.access(MEMORY, fs.constants.W_OK).then(
    () => MEMORY,
    () => null,
  );
}

export interface StateFolders {
  /** A new empty folder. */
  next(): Promise<string>;
  /** Also when the process ends before. */
  removeAll(): void;
}

/** Null where this machine has no place of that kind. */
export async function stateFolders(kind: StateKind): Promise<StateFolders | null> {
  const base = await baseFolder(kind);
  if (base === null) return null;
  const root = await fs.mkdtemp(path.join(base, "airflare-bench-"));
  const removeAll = (): void => rmSync(root, { recursive: true, force: true });
  process.once("exit", removeAll);
  return {
    next: () => fs.mkdtemp(path.join(root, "state-")),
    removeAll,
  };
}
