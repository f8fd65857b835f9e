/**
 * @module Which port a local start listens on.
 */
import net from "node:net";
import process from "node:process";

const HOST = "127.0.0.1";
const PORT_DEFAULT = 8080;
const PORTS_TRIED = 50;

/** A server listening on the wanted port, or an error that names it; with no wish on the first free one from the default on. */
export async function listenOnPort(wanted) {
  if (wanted !== undefined && wanted !== "") {
    const port = Number(wanted);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error(`PORT=${wanted} is not a port: give a number from 0 to 65535`);
    }
    const server = await listen(port);
    if (server === null) throw new Error(`port ${port} is in use: stop what listens there, or set PORT to another one`);
    return server;
  }
  for (let port = PORT_DEFAULT; port < PORT_DEFAULT + PORTS_TRIED; port++) {
    const server = await listen(port);
    if (server === null) continue;
    if (port !== PORT_DEFAULT) process.stdout.write(`port ${PORT_DEFAULT} is in use, listening on ${port}\n`);
    return server;
  }
  throw new Error(`ports ${PORT_DEFAULT} to ${PORT_DEFAULT + PORTS_TRIED - 1} are in use: set PORT to a free one`);
}

/** A port that was free a moment ago, for workerd. */
export async function freePort() {
  const server = await listen(0);
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Null when the port is taken or not allowed. */
function listen(port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true });
    const refused = (error) => (error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(null) : reject(error));
    server.once("error", refused);
    server.listen({ port, host: HOST, exclusive: true }, () => {
      server.removeListener("error", refused);
      resolve(server);
    });
  });
}
