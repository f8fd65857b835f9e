/**
 * @module One mail over SMTP (RFC 5321): TLS from the start or by STARTTLS, login, envelope, message. Every answer is awaited with a time limit; a server that
 * hangs up is an error. Why no package: docs/decisions/0011-mail-over-smtp.md.
 */
// Sockets are the one thing of a platform that mail needs; Node and Workers both have these.
// oxlint-disable-next-line no-restricted-imports
import type { Socket } from "node:net";
import { AirflareError, errorInfo } from "../../model/error.ts";

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, after STARTTLS (refused when the server has none), or never. */
  readonly security: "ssl" | "starttls" | "none";
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly timeoutMs: number;
}

export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole message, lines ended by CRLF. */
  readonly data: string;
}

/** Characters of a server's answer in an error. */
const ANSWER_MAX = 300;

/** Sends it. Throws `target_unreachable` (nobody there, no answer, hung up) or `service_refused` (with the server's words). */
export async function sendOverSmtp(server: SmtpServer, envelope: Envelope): Promise<void> {
  const session = await SmtpSession.open(server);
  try {
    await session.expect(220);
    let offers = await session.hello();
    if (server.security === "starttls") {
      if (!/^STARTTLS/im.test(offers))
        throw new AirflareError(
          "service_refused",
          `The mail server ${server.host} offers no STARTTLS: set "disable_tls": true in the extra of the connection to send in the clear.`,
        );
      await session.ask("STARTTLS", 220);
      await session.secure();
      offers = await session.hello();
    }
    if (server.login !== null) await session.logIn(offers, server.login);
    await session.ask(`MAIL FROM:<${envelope.from}>`, 250);
    for (const to of envelope.to) {
      // The commands of a session come one after the other.
      // oxlint-disable-next-line no-await-in-loop
      await session.ask(`RCPT TO:<${to}>`, 250);
    }
    await session.ask("DATA", 354);
    await session.ask(`${envelope.data.replaceAll(/^\./gm, "..")}\r\n.`, 250);
    session.write("QUIT");
  } finally {
    session.close();
  }
}

class SmtpSession {
  readonly #server: SmtpServer;
  #socket: Socket;
  #received = "";
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  private constructor(server: SmtpServer, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    this.#listen(socket);
  }

  static async open(server: SmtpServer): Promise<SmtpSession> {
    const { host, port } = server;
    if (server.security === "ssl") {
      // oxlint-disable-next-line no-restricted-imports
      const tls = await import("node:tls");
      return new SmtpSession(server, tls.connect({ host, port, servername: host }));
    }
    // oxlint-disable-next-line no-restricted-imports
    const net = await import("node:net");
    return new SmtpSession(server, net.connect({ host, port }));
  }

  async hello(): Promise<string> {
    const answer = await this.ask("EHLO airflare", 250);
    return answer.replaceAll(/^\d{3}[ -]/gm, "");
  }

  /** The same connection, encrypted from here on. */
  async secure(): Promise<void> {
    // oxlint-disable-next-line no-restricted-imports
    const tls = await import("node:tls");
    const plain = this.#socket;
    plain.removeAllListeners();
    // What came before the encryption is not trusted.
    this.#received = "";
    this.#socket = tls.connect({ socket: plain, servername: this.#server.host });
    this.#listen(this.#socket);
  }

  async logIn(offers: string, { user, password }: NonNullable<SmtpServer["login"]>): Promise<void> {
    const text = (value: string): string => Buffer.from(value, "utf8").toString("base64");
    if (/^AUTH[ =].*\bPLAIN\b/im.test(offers)) {
      await this.ask(`AUTH PLAIN ${text(`\0${user}\0${password}`)}`, 235, "AUTH PLAIN");
      return;
    }
    await this.ask("AUTH LOGIN", 334);
    await this.ask(text(user), 334, "AUTH LOGIN");
    await this.ask(text(password), 235, "AUTH LOGIN");
  }

  /** `shown` stands for a line that holds a secret. */
  async ask(line: string, code: number, shown = line.split(/[\r\n]/)[0] ?? ""): Promise<string> {
    this.write(line);
    return this.expect(code, line.length > ANSWER_MAX ? "the message" : shown);
  }

  write(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  async expect(code: number, asked = "the connection"): Promise<string> {
    const answer = await this.#answer();
    // 251: will be forwarded.
    if (answer.startsWith(String(code)) || (code === 250 && answer.startsWith("251"))) return answer;
    throw new AirflareError(
      "service_refused",
      `The mail server ${this.#server.host} answered ${asked} with ${answer.trim().slice(0, ANSWER_MAX)}.`,
    );
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.on("error", () => undefined);
    this.#socket.end();
    this.#socket.destroySoon();
  }

  /** One whole answer: its last line has a space behind the code. */
  async #answer(): Promise<string> {
    const deadline = AbortSignal.timeout(this.#server.timeoutMs);
    deadline.addEventListener("abort", () => this.#fail("it did not answer in time"));
    for (;;) {
      const whole = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(this.#received);
      if (whole !== null) {
        this.#received = this.#received.slice(whole[0].length);
        return whole[0];
      }
      if (this.#failure !== null) throw this.#failure;
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #listen(socket: Socket): void {
    socket.setEncoding("utf8");
    socket.on("data", (text: string | Uint8Array) => {
      this.#received += String(text);
      this.#wake();
    });
    socket.on("error", (error: unknown) => this.#fail(errorInfo(error).message));
    socket.on("close", () => this.#fail("it hung up"));
    socket.on("end", () => this.#fail("it hung up"));
  }

  #fail(why: string): void {
    const { host, port } = this.#server;
    this.#failure ??= new AirflareError("target_unreachable", `The mail server ${host}:${port} failed: ${why}.`);
    this.#wake();
  }
}
