/**
 * @module Migrations are generated from the history schema: `npx drizzle-kit generate`.
 */
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./src/cloudflare/history/schema.ts", out: "./migrations" });
