/**
 * @module Types of the `cloudflare:test` helpers, and the bindings that only tests have.
 */
/// <reference types="@cloudflare/vitest-plugin/types" />
