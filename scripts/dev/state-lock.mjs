/**
 * @module One local deployment per state folder: two workerds over the same rows would be two of each object.
 *
 * The lock is a local socket named after the folder. It falls with the process, however that ends, which a file with a process id would not.
 */
import { createHash } from "node:crypto";
import fs from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";

/** Holds the folder until this process ends; throws when another one holds it. */
export async function lockState(stateFolder) {
  const name = createHash("sha256")
    .update(await fs.realpath(stateFolder))
    .digest("hex")
    .slice(0, 24);
  // Socket paths have about 100 characters, so it cannot be in the folder itself.
  const address =
    process.platform === "win32" ? `\\\\.\\pipe\\airflare-${name}` : path.join(os.tmpdir(), `airflare-${name}.sock`);
  if (await listen(address)) return;
  if (await answers(address)) {
    throw new Error(
      `another npm start uses the state folder ${stateFolder}: stop it, or set AIRFLARE_STATE to another folder`,
    );
  }
  await fs.rm(address, { force: true });
  if (!(await listen(address))) throw new Error(`cannot lock the state folder ${stateFolder}: try again`);
}

function listen(address) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.end());
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
    server.listen(address, () => {
      server.unref();
      resolve(true);
    });
  });
}

function answers(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
