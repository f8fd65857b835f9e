/**
 * @module An SMTP server that keeps each mail as a JSON line `{ from, to, user, raw }`. Login `airflow`, in the clear and by STARTTLS with its own certificate.
 */
import fs from "node:fs";
import path from "node:path";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import type { RunningPart } from "./part.ts";

const USER = "airflow";
const PASSWORD = "smtp services password";

export async function startSmtp(folder: string): Promise<RunningPart> {
  const file = path.join(folder, "smtp.jsonl");
  fs.writeFileSync(file, "");
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === USER && password === PASSWORD ? done(null, { user: USER }) : done(new Error("wrong login")),
    onData: (stream, { envelope, user }, done) => {
      let raw = "";
      stream.on("data", (chunk) => (raw += String(chunk)));
      stream.on("end", () => {
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        fs.appendFileSync(file, `${JSON.stringify({ from, to, user: user ?? null, raw })}\n`);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  const place = { host: "127.0.0.1", port: String(port), user: USER, password: PASSWORD, file };
  return { place, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
