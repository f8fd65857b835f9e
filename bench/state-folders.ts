/**
 * @module Where state lives while it is measured: a disk (below the project), or memory (a tmpfs).
 */
import fs from "node:fs/promises";
import path from "node:path";

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
  removeAll(): Promise<void>;
}

/** Null where this machine has no place of that kind. */
export async function stateFolders(kind: StateKind): Promise<StateFolders | null> {
  const base = await baseFolder(kind);
  if (base === null) return null;
  const root = await fs.mkdtemp(path.join(base, "airflare-bench-"));
  return {
    next: () => fs.mkdtemp(path.join(root, "state-")),
    removeAll: () => fs.rm(root, { recursive: true, force: true }),
  };
}
