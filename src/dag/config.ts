/**
 * @module `airflare.config.ts`: the project's pools, variables, connections and switches, declared once.
 */
import type { ProjectConfig } from "./register.ts";

let declared: ProjectConfig = {};

/**
 * Declares the project's names. Register the type too, so that misspelt names do not compile.
 * @example
 * export const config = defineConfig({ pools: { api: 20 }, variables: { db_host: "localhost" }, connections: { postgres_default: "postgres" } });
 */
export function defineConfig<const C extends ProjectConfig>(config: C): C {
  declared = config;
  return config;
}

/** The config of the project that was loaded last; empty without one. */
export function projectConfig(): ProjectConfig {
  return declared;
}
