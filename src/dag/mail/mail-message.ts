/**
 * @module A mail as text (RFC 5322, MIME): headers that cannot be broken out of, HTML and its plain text, in base64.
 */
import { AirflareError } from "../../model/error.ts";

export interface Mail {
  /** Addresses, as a list or with commas or semicolons between them. */
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly bcc?: string | readonly string[];
  readonly subject: string;
  readonly htmlContent: string;
  /** Default: the connection's `from_email`. */
  readonly fromEmail?: string;
  /** The same for a mail that is sent again: goes into its Message-ID. */
  readonly messageId?: string;
}

/** A mail with its addresses read. */
export interface ReadyMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly messageId: string;
  readonly date: Date;
}

/** Characters of a line of base64. */
const LINE = 76;

/** Addresses of a text or list. Throws `invalid_request` for what is none. */
export function addressesOf(given: string | readonly string[] | undefined): readonly string[] {
  const parts = typeof given === "string" ? given.split(/[,;]/) : (given ?? []);
  const addresses = parts.map((part) => part.trim()).filter((part) => part !== "");
  for (const address of addresses) {
    // No quotes, spaces, brackets or line ends: nothing of it can end up as a command or header of its own.
    if (/^[^\s"<>(),:;@[\\\]\p{Cc}]+@[^\s"<>(),;@\\\p{Cc}]+$/u.test(address)) continue;
    throw new AirflareError("invalid_request", `${JSON.stringify(address)} is no mail address.`);
  }
  return addresses;
}

/** Throws `invalid_request` without a recipient or sender. */
export function readyMail(mail: Mail, fromEmail: string | null, now: Date): ReadyMail {
  const [from] = addressesOf(mail.fromEmail ?? fromEmail ?? "");
  if (from === undefined)
    throw new AirflareError(
      "invalid_request",
      'No sender: give fromEmail, or set "from_email" in the extra of the mail connection.',
    );
  const [to, cc, bcc] = [addressesOf(mail.to), addressesOf(mail.cc), addressesOf(mail.bcc)];
  if (to.length + cc.length + bcc.length === 0)
    throw new AirflareError("invalid_request", "The mail has no recipient.");
  const id = (mail.messageId ?? crypto.randomUUID()).replaceAll(/[^\w.#:/-]/g, "_");
  return {
    from,
    to,
    cc,
    bcc,
    subject: mail.subject.replaceAll(/\s+/g, " ").trim(),
    html: mail.htmlContent,
    text: textOf(mail.htmlContent),
    messageId: `<${id}@${from.split("@")[1] ?? "airflare"}>`,
    date: now,
  };
}

/** The message as it goes over the wire, lines ended by CRLF. */
export function mimeText(mail: ReadyMail): string {
  const boundary = `airflare-${crypto.randomUUID()}`;
  const part = (type: string, body: string): string[] => [
    `--${boundary}`,
    `Content-Type: ${type}; charset="utf-8"`,
    "Content-Transfer-Encoding: base64",
    "",
    ...wrapped(base64(body)),
  ];
  return [
    `From: ${mail.from}`,
    `To: ${mail.to.join(", ")}`,
    ...(mail.cc.length === 0 ? [] : [`Cc: ${mail.cc.join(", ")}`]),
    `Subject: ${headerText(mail.subject)}`,
    `Date: ${mail.date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${mail.messageId}`,
    "MIME-Version: 1.0",
    "Auto-Submitted: auto-generated",
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
    "",
    ...part("text/plain", mail.text),
    ...part("text/html", mail.html),
    `--${boundary}--`,
    "",
  ].join("\r\n");
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function textOf(html: string): string {
  const lines = html.replaceAll(/<br\s*\/?>|<\/(p|div|li|tr|pre|h\d)>/gi, "\n").replaceAll(/<[^>]*>/g, "");
  return lines.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

/** RFC 2047 for all but plain short texts; words of at most 75 characters, none cut within a character. */
function headerText(text: string): string {
  if (/^[\x20-\x7e]{0,60}$/.test(text)) return text;
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (new TextEncoder().encode(word + character).length > 42) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  return [...words, word].map((one) => `=?utf-8?B?${base64(one)}?=`).join("\r\n ");
}

function base64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function wrapped(text: string): string[] {
  return text.match(new RegExp(`.{1,${LINE}}`, "g")) ?? [""];
}
