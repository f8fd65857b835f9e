/**
 * @module Stands for `cloudflare:workers` in Node: only the base class of objects is used.
 */
export class DurableObject {
  readonly ctx: unknown;
  readonly env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}
