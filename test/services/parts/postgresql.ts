/**
 * @module PostgreSQL from Debian: its own data folder, user and password.
 */
import { existsSync, readdirSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import postgres from "postgres";
import { freePort, run, type RunningPart, serve } from "./part.ts";

const ROOT = "/usr/lib/postgresql";
const PASSWORD = "p@ss/w:rd services";

export async function startPostgresql(folder: string): Promise<RunningPart> {
  const bin = (await installed()) ?? "";
  // The server refuses to run as root.
  const uid = process.getuid?.() === 0 ? Number(await run("id", ["-u", "postgres"])) : undefined;
  const own = uid === undefined ? {} : { uid };
  const data = path.join(folder, "postgresql");
  await fs.mkdir(data);
  const passwordFile = path.join(folder, "postgresql-password");
  await fs.writeFile(passwordFile, PASSWORD);
  await fs.chmod(folder, 0o755);
  if (uid !== undefined) await Promise.all([data, passwordFile].map((file) => fs.chown(file, uid, -1)));
  const auth = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--username=etl", "--encoding=UTF8", "--no-sync"];
  await run(path.join(bin, "initdb"), ["-D", data, ...auth], own);
  const port = await freePort();
  const settings = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${data}`];
  const connection = {
    host: "127.0.0.1",
    port,
    username: "etl",
    password: PASSWORD,
    onnotice: () => undefined,
  } as const;
  const isUp = async (): Promise<boolean> => {
    const sql = postgres({ ...connection, database: "postgres", max: 1, connect_timeout: 2 });
    try {
      await sql`SELECT 1`;
      return true;
    } finally {
      await sql.end();
    }
  };
  const stopSignal = "SIGINT";
  const server = await serve(path.join(bin, "postgres"), ["-D", data, "-p", String(port), ...settings], isUp, {
    ...own,
    stopSignal,
  });
  const admin = postgres({ ...connection, database: "postgres", max: 1 });
  await admin`CREATE DATABASE shop`;
  await admin.end();
  const user = `etl:${encodeURIComponent(PASSWORD)}`;
  return { place: { uri: `postgres://${user}@127.0.0.1:${port}/shop`, password: PASSWORD }, stop: () => server.stop() };
}

/** The folder of the programs; installs the Debian package when there is none. */
async function installed(): Promise<string | undefined> {
  const found = (): string | undefined => {
    const versions = existsSync(ROOT) ? readdirSync(ROOT).toSorted((a, b) => Number(b) - Number(a)) : [];
    return versions
      .map((version) => path.join(ROOT, version, "bin"))
      .find((bin) => existsSync(path.join(bin, "initdb")));
  };
  if (found() !== undefined) return found();
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], { env });
  const bin = found();
  if (bin === undefined) throw new Error(`the package postgresql left no initdb below ${ROOT}`);
  return bin;
}
