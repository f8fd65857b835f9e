/**
 * @module An S3 server: Versity's gateway over a folder, built from its Go module and kept in the user's cache folder.
 */
import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePort, run, type RunningPart, serve } from "./part.ts";

const MODULE = "github.com/versity/versitygw/cmd/versitygw";
const VERSION = "v1.8.0";
const ACCESS = "services-access";
const SECRET = "services/secret+key";

export async function startS3(folder: string): Promise<RunningPart> {
  const program = await built();
  const [data, meta] = [path.join(folder, "s3"), path.join(folder, "meta-of-s3")];
  // A folder below the root is a bucket.
  await Promise.all([fs.mkdir(path.join(data, "lake"), { recursive: true }), fs.mkdir(meta)]);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => (await fetch(endpoint)).status > 0;
  const args = [
    "--quiet",
    "--access",
    ACCESS,
    "--secret",
    SECRET,
    "--port",
    `127.0.0.1:${port}`,
    "posix",
    "--sidecar",
    meta,
    data,
  ];
  const server = await serve(program, args, isUp);
  return {
    place: { endpoint, access: ACCESS, secret: SECRET, bucket: "lake", folder: data },
    stop: () => server.stop(),
  };
}

async function built(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
  const folder = path.join(cache, "airflare-services", `versitygw-${VERSION}`);
  const program = path.join(folder, "versitygw");
  if (existsSync(program)) return program;
  await run("go", ["version"]).catch((error: unknown) => {
    throw new Error(`the S3 server is built from a Go module, and there is no \`go\` here: install Go 1.24 or later`, {
      cause: error,
    });
  });
  await fs.mkdir(folder, { recursive: true });
  // Without debug tables: half the time.
  await run("go", ["install", "-ldflags=-s -w", `${MODULE}@${VERSION}`], { env: { GOBIN: folder, CGO_ENABLED: "0" } });
  return program;
}
