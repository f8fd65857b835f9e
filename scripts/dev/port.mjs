/**
 * @module Which port a local start listens on.
 */
import net from "node:net";
import process from "node:process";

const PORT_DEFAULT = 8080;
const PORTS_TRIED = 50;

/** The wanted port or an error that names it; with no wish the first free one from the default on. */
export async function choosePort(wanted) {
  if (wanted !== undefined && wanted !== "") {
    const port = Number(wanted);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error(`PORT=${wanted} is not a port: give a number from 0 to 65535`);
    }
    const free = await freePort(port);
    if (free === null) throw new Error(`port ${port} is in use: stop what listens there, or set PORT to another one`);
    return free;
  }
  for (let port = PORT_DEFAULT; port < PORT_DEFAULT + PORTS_TRIED; port++) {
    if ((await freePort(port)) === null) continue;
    if (port !== PORT_DEFAULT) process.stdout.write(`port ${PORT_DEFAULT} is in use, listening on ${port}\n`);
    return port;
  }
  throw new Error(`ports ${PORT_DEFAULT} to ${PORT_DEFAULT + PORTS_TRIED - 1} are in use: set PORT to a free one`);
}

/** The port when one can listen on it (for 0, the one the system gave), else null. */
function freePort(port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", (error) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(null) : reject(error),
    );
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const { port: given } = server.address();
      server.close(() => resolve(given));
    });
  });
}
