/**
 * @module Mails over SMTP: against a real server in Node. Login, STARTTLS, refusals, servers that hang up or say nothing; no header or command can be smuggled in.
 */
import net, { type AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import type { ConnectionInfo } from "../../../../src/dag/context.ts";
import type { Env } from "../../../../src/dag/register.ts";
import { SmtpHook } from "../../../../src/dag/hooks/smtp-hook.ts";
import { addressesOf, mimeText, readyMail } from "../../../../src/dag/mail/mail-message.ts";

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  readonly secure: boolean;
  readonly raw: string;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function server(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Received[] }> {
  const mails: Received[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === "airflow" && password === "secret" ? done(null, { user: username }) : done(new Error("wrong login")),
    onData: (stream, session, done) => {
      let raw = "";
      stream.on("data", (chunk) => (raw += String(chunk)));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: typeof session.user === "string" ? session.user : null,
          secure: session.secure,
          raw,
        });
        done();
      });
    },
    ...options,
  });
  smtp.on("error", () => undefined);
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => smtp.close(() => resolve())));
  return { port: (smtp.server.address() as AddressInfo).port, mails };
}

function hook(port: number, extra: object = {}, login: string | null = null): SmtpHook {
  const connection: ConnectionInfo = {
    id: "smtp_default",
    connType: "smtp",
    host: "127.0.0.1",
    port,
    login,
    password: "secret",
    schema: null,
    extra: { disable_ssl: true, disable_tls: true, from_email: "airflare@example.com", timeout: 2, ...extra },
    uri: "",
  };
  return new SmtpHook(connection, { AIRFLARE_LOCAL: "1" } as unknown as Env);
}

const mail = { to: "a@example.com; b@example.com", subject: "Größe 1", htmlContent: "<b>1 &lt; 2</b><br>.dot\r\n.x" };

test("a mail reaches every recipient, with its subject, HTML and text", async () => {
  const { port, mails } = await server();
  await hook(port, {}, "airflow").sendEmail({
    ...mail,
    cc: ["c@example.com"],
    bcc: "d@example.com",
    messageId: "inc/x#1",
  });
  expect(mails).toMatchObject([
    {
      from: "airflare@example.com",
      to: ["a@example.com", "b@example.com", "c@example.com", "d@example.com"],
      user: "airflow",
    },
  ]);
  const raw = mails[0]?.raw ?? "";
  expect(raw).toContain("Message-ID: <inc/x#1@example.com>");
  expect(raw).not.toContain("d@example.com");
  expect(raw).toContain(`=?utf-8?B?${Buffer.from("Größe 1").toString("base64")}?=`);
  expect(raw).toContain(Buffer.from(mail.htmlContent).toString("base64"));
  expect(raw).toContain(Buffer.from("1 < 2\n.dot\r\n.x").toString("base64"));
});

test("a wrong login is told with the server's words, without the password", async () => {
  const { port } = await server({ onAuth: (_auth, _session, done) => done(new Error("wrong login")) });
  const sent = hook(port, {}, "airflow").sendEmail(mail);
  await expect(sent).rejects.toThrow(/answered AUTH PLAIN with 535.*wrong login/s);
  await expect(sent).rejects.not.toThrow(/secret/);
});

test("a server without STARTTLS gets no mail in the clear unless the connection says so", async () => {
  const { port, mails } = await server({ disabledCommands: ["STARTTLS"] });
  await expect(hook(port, { disable_tls: false }).sendEmail(mail)).rejects.toThrow(/offers no STARTTLS/);
  expect(mails).toEqual([]);
});

test("a refused recipient fails the mail", async () => {
  const { port, mails } = await server({ onRcptTo: (_address, _session, done) => done(new Error("no such user")) });
  await expect(hook(port).sendEmail(mail)).rejects.toThrow(/RCPT TO:<a@example.com> with 550/);
  expect(mails).toEqual([]);
});

test.each([
  ["hangs up", (socket: net.Socket) => socket.end(), /it hung up/],
  ["hangs up within the greeting", (socket: net.Socket) => socket.end("220-wait"), /it hung up/],
  ["says nothing", () => undefined, /did not answer in time/],
] as const)("a server that %s is an error", async (_what, onSocket, message) => {
  const silent = net.createServer((socket) => {
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => silent.close(() => resolve())));
  const { port } = silent.address() as AddressInfo;
  await expect(hook(port, { timeout: 0.2 }).sendEmail(mail)).rejects.toThrow(message);
});

test("nobody listening is an error that names the server", async () => {
  await expect(hook(1).sendEmail(mail)).rejects.toThrow(/mail server 127.0.0.1:1 failed/);
});

test("a deployed Worker calls no private mail server", async () => {
  const { port } = await server();
  const connection: ConnectionInfo = {
    id: "m",
    connType: "smtp",
    host: "127.0.0.1",
    port,
    login: null,
    password: null,
    schema: null,
    extra: { disable_ssl: true, disable_tls: true, from_email: "a@example.com" },
    uri: "",
  };
  await expect(new SmtpHook(connection, {} as Env).sendEmail(mail)).rejects.toThrow(/private, loopback/);
});

test("the mail binding is used when the connection is of its type", async () => {
  const sent: object[] = [];
  const env = { SEND_EMAIL: { send: async (message: object) => sent.push(message) } } as unknown as Env;
  const connection: ConnectionInfo = {
    id: "smtp_default",
    connType: "cloudflare_email",
    host: null,
    port: null,
    login: null,
    password: null,
    schema: null,
    extra: { from_email: "airflare@example.com" },
    uri: "",
  };
  await new SmtpHook(connection, env).sendEmail(mail);
  expect(sent).toMatchObject([
    { from: "airflare@example.com", to: ["a@example.com", "b@example.com"], html: mail.htmlContent },
  ]);
});

test.each(["a@b.c\r\nRCPT TO:<x@y.z>", "a b@c.d", "<a@b.c>", "nobody", '"a"@b.c'])("%j is no address", (address) => {
  expect(() => addressesOf([address])).toThrow(/no mail address/);
});

test("a subject cannot bring headers along", () => {
  const ready = readyMail({ ...mail, subject: "x\r\nBcc: y@z.example" }, "a@b.example", new Date(0));
  expect(mimeText(ready)).not.toMatch(/^Bcc:/m);
});
