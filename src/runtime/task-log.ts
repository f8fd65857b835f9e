/**
 * @module The log of one attempt: newline-terminated JSON lines `{ timestamp, level, event, logger, ... }`, as Airflow 3 stores them.
 * `ctx.log` and, through `console-capture.ts`, `console.*` write here; a driver drains it into heartbeats and the report.
 */
import { toJsonProjection } from "../lib/codec.ts";
import { utf8Length } from "../lib/utf8.ts";
import type { SecretMasker } from "./secret-masker.ts";

/** Most bytes of log that one attempt may leave. */
export const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** A longer message is cut: one line must fit into a stored row beside others. In UTF-16 units. */
export const LOG_EVENT_LENGTH_MAX = 256 * 1024;

export type LogLevel = "debug" | "info" | "warning" | "error";

export class TaskLog {
  readonly #now: () => number;
  readonly #masker: SecretMasker;
  #lines: string[] = [];
  #bytes = 0;
  #open = true;

  constructor(now: () => number, masker: SecretMasker) {
    this.#now = now;
    this.#masker = masker;
  }

  /** Adds a line. After the limit one last line says so; after `close` nothing is kept. */
  write(level: LogLevel, event: string, logger: string, fields?: object): void {
    if (!this.#open) return;
    const line = this.#line(level, event, logger, fields);
    this.#bytes += utf8Length(line);
    if (this.#bytes <= LOG_BYTES_MAX) {
      this.#lines.push(line);
      return;
    }
    this.#open = false;
    this.#lines.push(
      this.#line("warning", `Log truncated: this attempt wrote more than ${LOG_BYTES_MAX} bytes.`, "airflare"),
    );
  }

  /** Takes the lines out, at most about `lengthMax` UTF-16 units of them (but at least one line); "" when there is none. */
  drain(lengthMax = Number.POSITIVE_INFINITY): string {
    let count = 0;
    let length = 0;
    for (const line of this.#lines) {
      length += line.length;
      if (count > 0 && length > lengthMax) break;
      count++;
    }
    return this.#lines.splice(0, count).join("");
  }

  /** Puts drained text back in front: its delivery failed. */
  restore(text: string): void {
    if (text !== "") this.#lines.unshift(text);
  }

  /** The attempt is over: what its abandoned code still writes is dropped. */
  close(): void {
    this.#open = false;
  }

  #line(level: LogLevel, event: string, logger: string, fields?: object): string {
    // Masked before it is cut: half a secret would not be found.
    const masked = this.#masker.mask(event);
    const text =
      masked.length > LOG_EVENT_LENGTH_MAX ? `${masked.slice(0, LOG_EVENT_LENGTH_MAX)}… [message truncated]` : masked;
    const fixed = { timestamp: new Date(this.#now()).toISOString(), level, event: text, logger };
    return `${JSON.stringify(fields === undefined ? fixed : { ...this.#extra(fields), ...fixed })}\n`;
  }

  #extra(fields: object): object {
    try {
      const masked = this.#masker.maskJson(toJsonProjection(fields));
      const extra =
        typeof masked === "object" && masked !== null && !Array.isArray(masked) ? masked : { fields: masked };
      return JSON.stringify(extra).length > LOG_EVENT_LENGTH_MAX ? { fields: "[fields too long]" } : extra;
    } catch {
      // A cycle or a throwing getter must not fail the task that only wanted to log.
      return { fields: "[fields cannot be shown]" };
    }
  }
}
