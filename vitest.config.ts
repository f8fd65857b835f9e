/**
 * @module Test projects: `node` for everything that needs no platform, `worker` for real workerd. `npm run test:<folder>` picks a folder.
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
    ],
  },
});
