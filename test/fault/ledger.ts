/**
 * @module A ledger of side effects outside the orchestrator: tasks call it over HTTP, it survives every kill because it lives in the test.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface LedgerEntry {
  readonly what: "start" | "end";
  /** `dag/run/task/map index/try`. */
  readonly attempt: string;
  /** Epoch ms. */
  readonly at: number;
}

export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      const [, what, ...attempt] = decodeURIComponent(request.url ?? "").split("/");
      if (what === "start" || what === "end") this.entries.push({ what, attempt: attempt.join("/"), at: Date.now() });
      response.end();
    });
  }

  static async listen(): Promise<Ledger> {
    const server = http.createServer();
    const ledger = new Ledger(server);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return ledger;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Task instances (`dag/run/task/map index`) whose code came to its end. */
  ended(): Set<string> {
    return new Set(this.entries.filter(({ what }) => what === "end").map(({ attempt }) => instanceOf(attempt)));
  }

  /** How often each attempt's code started. */
  starts(): Map<string, number> {
    const starts = new Map<string, number>();
    for (const { what, attempt } of this.entries)
      if (what === "start") starts.set(attempt, (starts.get(attempt) ?? 0) + 1);
    return starts;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Without the try. */
export function instanceOf(attempt: string): string {
  return attempt.slice(0, attempt.lastIndexOf("/"));
}
