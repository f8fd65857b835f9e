/**
 * @module `SlackHook`: messages to Slack, by an incoming webhook (connection type `slackwebhook` or `http`: the password is the secret path) or by the API (type `slack`:
 * the password is the token).
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import { AirflareError } from "../../model/error.ts";
import { assertConnType } from "./hook-kind.ts";
import { httpCall } from "./http-hook.ts";
import { httpTarget } from "../http-connection.ts";

const CONN_TYPES = ["slackwebhook", "http", "https", "slack"];
const WEBHOOK_HOST = "https://hooks.slack.com/services";
const API_HOST = "https://slack.com/api";

export interface SlackMessage {
  /** Shown in notifications, and as the message when there are no blocks. */
  readonly text: string;
  readonly blocks?: readonly object[];
  readonly attachments?: readonly object[];
  /** By the API: id or name of the channel. A webhook has its own. */
  readonly channel?: string;
  /** By the API: answers in this message's thread. */
  readonly threadTs?: string;
  readonly username?: string;
  readonly iconEmoji?: string;
}

/**
 * A Slack workspace.
 * @example
 * const alert = task("alert", async ({ text }: { text: string }, ctx) => (await ctx.hook(SlackHook, "slack")).send({ text }));
 */
export class SlackHook {
  readonly #connection: ConnectionInfo;
  readonly #env: Env;

  /** Throws `wrong_connection_type`. */
  constructor(connection: ConnectionInfo, env: Env) {
    assertConnType(connection, "SlackHook", CONN_TYPES);
    this.#connection = connection;
    this.#env = env;
  }

  /** Sends a message. Throws what Slack refuses it for. */
  async send(message: SlackMessage, signal?: AbortSignal): Promise<void> {
    const { text, blocks, attachments, channel, threadTs, username, iconEmoji } = message;
    const body = { text, blocks, attachments, channel, thread_ts: threadTs, username, icon_emoji: iconEmoji };
    if (this.#connection.connType === "slack") return this.#post(body, signal);
    await httpCall(this.#env, this.#webhook(), { json: body, ...(signal === undefined ? {} : { signal }) });
  }

  #webhook(): URL {
    const { host, password } = this.#connection;
    // The login of a webhook, if any, is none of its URL; its password is the end of it.
    const place = { ...this.#connection, connType: "https", host: host ?? WEBHOOK_HOST, login: null, extra: {} };
    return new URL(httpTarget(place, password ?? "").url);
  }

  async #post(body: object, signal: AbortSignal | undefined): Promise<void> {
    const { id, host, password } = this.#connection;
    if (password === null)
      throw new AirflareError("invalid_request", `Connection ${id} has no password: it is the token of a Slack app.`);
    const response = await httpCall(this.#env, new URL(`${host ?? API_HOST}/chat.postMessage`), {
      json: body,
      headers: { authorization: `Bearer ${password}`, "content-type": "application/json; charset=utf-8" },
      ...(signal === undefined ? {} : { signal }),
    });
    const { ok, error }: { readonly ok: boolean; readonly error?: string } = await response.json();
    if (!ok) throw new AirflareError("service_refused", `Slack refused the message: ${error ?? "no reason given"}.`);
  }
}
