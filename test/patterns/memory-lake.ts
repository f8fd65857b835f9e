/**
 * @module An R2 bucket in memory, for running the examples in process. In workerd (`test/worker/examples.test.ts`) they use a real one.
 */

export interface MemoryLake {
  /** What tasks get as `ctx.env`. */
  readonly env: { readonly LAKE: R2Bucket };
  /** Text by key. */
  readonly objects: Map<string, string>;
}

export function memoryLake(): MemoryLake {
  const objects = new Map<string, string>();
  const described = (key: string, text: string) => ({ key, size: new TextEncoder().encode(text).length });
  const lake = {
    async put(key: string, text: string) {
      objects.set(key, text);
      return described(key, text);
    },
    async head(key: string) {
      const text = objects.get(key);
      return text === undefined ? null : described(key, text);
    },
    async get(key: string) {
      const text = objects.get(key);
      if (text === undefined) return null;
      return { ...described(key, text), text: async () => text, json: async () => JSON.parse(text) as unknown };
    },
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) objects.delete(key);
    },
    async list({ prefix = "" }: { prefix?: string } = {}) {
      const found = [...objects].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return { objects: found.map(([key, text]) => described(key, text)), truncated: false };
    },
  };
  // The part of R2 that the examples use.
  return { env: { LAKE: lake as unknown as R2Bucket }, objects };
}
