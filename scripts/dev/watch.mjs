/**
 * @module Notices saved files by looking at their times. File system events are lost on network and WSL mounts and when an editor replaces a file.
 */
import fs from "node:fs/promises";

/** Between two looks: far below the promised 2 s, and never more than a tenth of one core. */
const PAUSE_MS = 250;
const PAUSE_PER_LOOK = 10;

/**
 * Calls `onChange` (and waits for it) at once, and whenever a file of `listFiles()` appeared, changed or went since the look before the last call.
 * A change during a call leads to another call. Never keeps the process alive.
 */
export function watchFiles(listFiles, onChange) {
  let before = null;
  async function look() {
    const startedAt = performance.now();
    const now = await fingerprint(await listFiles());
    const took = performance.now() - startedAt;
    if (before !== now) await onChange();
    before = now;
    setTimeout(look, Math.max(PAUSE_MS, took * PAUSE_PER_LOOK)).unref();
  }
  void look();
}

async function fingerprint(files) {
  const lines = await Promise.all(
    files.map(async (file) => {
      const stat = await fs.stat(file).catch(() => null);
      return stat === null ? `${file} gone` : `${file} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    }),
  );
  return lines.sort().join("\n");
}
