/**
 * @module A row of the bench that shows how Airflare behaves with much of something. It takes minutes, has no counterpart in Workflows, and gives figures
 * of its own.
 */
import type { StateFolders } from "../state-folders.ts";

export interface Figure {
  readonly row: string;
  readonly name: string;
  readonly unit: "ms" | "s" | "MB" | "/s" | "";
  readonly value: number;
}

export interface ScaleRow {
  readonly name: string;
  /** For `--help`. */
  readonly what: string;
  /** Throws when what it does is not done completely: a figure of half the work is none. */
  measure(folders: StateFolders): Promise<readonly Figure[]>;
}
