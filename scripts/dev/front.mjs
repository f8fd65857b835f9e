/**
 * @module The public port of a local start: passes connections on to workerd, and lets new ones wait while workerd is started again (a reload, a crash).
 *
 * Bytes only, nothing is parsed. A request that was under way when workerd ended is cut off, as by a deploy; its client sees the end of the connection, not a reset.
 */
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const HOST = "127.0.0.1";
const RETRY_MS = 20;
/** Longer than workerd ever takes to start. */
const PATIENCE_MS = 30_000;

/** Listens on a `net.Server` that already has the public port. */
export function passConnections(server, backendPort) {
  server.on("connection", async (client) => {
    client.on("error", () => client.destroy());
    // Nothing is read, so nothing is lost, until there is somebody to pass it to.
    const backend = await connect(backendPort, client);
    if (backend === null) return client.destroy();
    backend.on("error", () => client.end());
    backend.on("close", () => client.end());
    client.on("close", () => backend.destroy());
    client.setNoDelay(true);
    client.pipe(backend).pipe(client);
  });
}

/** Null when the client has gone or nobody answers in time. */
async function connect(port, client) {
  const until = Date.now() + PATIENCE_MS;
  while (!client.destroyed && Date.now() < until) {
    const socket = await tryConnect(port);
    if (socket !== null) return socket;
    await sleep(RETRY_MS);
  }
  return null;
}

function tryConnect(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: HOST, noDelay: true });
    socket.once("error", () => resolve(null));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}
