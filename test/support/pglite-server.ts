/**
 * @module PostgreSQL in this process (PGlite) behind a real TCP socket: what `PostgresHook` connects to in tests that need no server to be installed.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import type { Connection } from "../../src/runtime/ports.ts";

const SSL_REQUEST = 80_877_103;
const TERMINATE = 0x58;

export interface PgliteServer {
  readonly db: PGlite;
  /** Fields of a connection to it. */
  readonly connection: Partial<Connection>;
  /** Connections that are open. */
  readonly open: () => number;
  close(): Promise<void>;
}

export async function startPglite(): Promise<PgliteServer> {
  const db = await PGlite.create();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(db, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    db,
    connection: {
      connType: "postgres",
      host: "127.0.0.1",
      port,
      login: "postgres",
      password: "not-asked-for",
      schema: "postgres",
    },
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await closed(server);
      await db.close();
    },
  };
}

/** Cuts the stream into messages and answers each with what the database says. There is no TLS. */
function serve(db: PGlite, socket: Socket): void {
  let pending = Buffer.alloc(0);
  let isStarted = false;
  let turn = Promise.resolve();
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // The first message has no type.
      const typeLength = isStarted ? 1 : 0;
      if (pending.length < typeLength + 4) return;
      const length = typeLength + pending.readInt32BE(typeLength);
      if (pending.length < length) return;
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      if (!isStarted && message.readInt32BE(4) === SSL_REQUEST) {
        socket.write("N");
        continue;
      }
      isStarted = true;
      turn = turn.then(() => answer(db, socket, message));
    }
  });
}

async function answer(db: PGlite, socket: Socket, message: Buffer): Promise<void> {
  if (message[0] === TERMINATE) {
    socket.end();
    return;
  }
  const reply = await db.execProtocolRaw(Uint8Array.from(message));
  if (!socket.destroyed) socket.write(reply);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
