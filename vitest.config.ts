/**
 * @module Test projects: `node` for everything that needs no platform, `start` for a real `npm start`, `worker` for real workerd. `npm run test:<folder>` picks a folder.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          include: ["test/{unit,property,sim,conformance,types,docs,patterns}/**/*.test.ts", "test/*.test.ts"],
        },
      },
      {
        // Real local starts as child processes: one after another, and with time for a busy machine.
        test: {
          name: "start",
          environment: "node",
          include: ["test/start/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
