/**
 * @module `SmtpHook` (Airflow's): mails, over SMTP (connection type `smtp`) or through Cloudflare's mail binding (`cloudflare_email`, its host is the binding's name).
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import { bindingOf } from "./binding.ts";
import { assertConnType } from "./hook-kind.ts";
import { type Mail, mimeText, type ReadyMail, readyMail } from "../mail/mail-message.ts";
import { sendOverSmtp, type SmtpServer } from "../mail/smtp-client.ts";
import { assertTarget } from "../network-rules.ts";
import { AirflareError } from "../../model/error.ts";

const CONN_TYPES = ["smtp", "cloudflare_email"];
const BINDING = "SEND_EMAIL";
const PORT = 25;
const SSL_PORT = 465;
const TIMEOUT_SECONDS = 30;

/** The mail binding, as far as we use it. */
interface SendEmail {
  send(message: object): Promise<unknown>;
}

/**
 * A mail server.
 * @example
 * const tell = task("tell", async (_: {}, ctx) => {
 *   const smtp = await ctx.hook(SmtpHook, "smtp_default");
 *   await smtp.sendEmail({ to: "team@acme.org", subject: `Report of ${ctx.ds}`, htmlContent: "<p>done</p>" });
 * });
 */
export class SmtpHook {
  readonly #connection: ConnectionInfo;
  readonly #env: Env;

  /** Throws `wrong_connection_type`. */
  constructor(connection: ConnectionInfo, env: Env) {
    assertConnType(connection, "SmtpHook", CONN_TYPES);
    this.#connection = connection;
    this.#env = env;
  }

  /** Sends one mail to all of its recipients. Throws `target_unreachable`, `target_refused`, `service_refused`, `invalid_request`. */
  async sendEmail(mail: Mail): Promise<void> {
    const { connType, extra } = this.#connection;
    const ready = readyMail(mail, textIn(extra, "from_email"), new Date());
    if (connType === "cloudflare_email") return this.#sendByBinding(ready);
    const server = this.#server();
    await assertTarget(this.#env, { host: server.host, port: server.port, kind: "tcp" });
    const to = [...ready.to, ...ready.cc, ...ready.bcc];
    await sendOverSmtp(server, { from: ready.from, to, data: mimeText(ready) });
  }

  async #sendByBinding({ from, to, cc, bcc, subject, html, text, messageId }: ReadyMail): Promise<void> {
    const binding = bindingOf(this.#env, this.#connection.host ?? BINDING, "mail", ["send"]) as SendEmail;
    const copies = { ...(cc.length === 0 ? {} : { cc }), ...(bcc.length === 0 ? {} : { bcc }) };
    await binding.send({ from, to, ...copies, subject, html, text, headers: { "Message-ID": messageId } });
  }

  #server(): SmtpServer {
    const { id, host, port, login, password, extra } = this.#connection;
    if (host === null)
      throw new AirflareError("invalid_request", `Connection ${id} has no host: it is the mail server.`);
    const ssl = !isTrue(extra["disable_ssl"]);
    const seconds = Number(extra["timeout"] ?? TIMEOUT_SECONDS);
    return {
      host,
      port: port ?? (ssl ? SSL_PORT : PORT),
      security: ssl ? "ssl" : isTrue(extra["disable_tls"]) ? "none" : "starttls",
      login: login === null || login === "" ? null : { user: login, password: password ?? "" },
      timeoutMs:
        1000 * (Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, TIMEOUT_SECONDS) : TIMEOUT_SECONDS),
    };
  }
}

/** In a connection's URI every extra is text. */
function isTrue(value: unknown): boolean {
  return value === true || String(value).toLowerCase() === "true";
}

function textIn(extra: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = extra[name];
  return typeof value === "string" && value !== "" ? value : null;
}
