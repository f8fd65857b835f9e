/**
 * @module `email`: sends a mail as a task (Airflow's `EmailOperator`). `sendEmail` does it from any function that has a context.
 */
import type { RunContext } from "../context.ts";
import type { ConnectionId } from "../register.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { SmtpHook } from "../hooks/smtp-hook.ts";
import type { Mail } from "../mail/mail-message.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { type OperatorOptions, placeOperator, textValue } from "./operator.ts";

/** Airflow's; a project need not declare it. */
const CONNECTION: string = "smtp_default";

export interface EmailOptions extends OperatorOptions {
  readonly to: Field<string | readonly string[]>;
  readonly subject: Field<string>;
  readonly htmlContent: Field<string>;
  readonly cc?: Field<string | readonly string[]>;
  readonly bcc?: Field<string | readonly string[]>;
  /** Default: the connection's `from_email`. */
  readonly fromEmail?: Field<string>;
  /** Default `smtp_default`. */
  readonly connId?: ConnectionId;
}

/**
 * Places the mail. A try that is repeated sends it with the same Message-ID.
 * @example
 * email("tell_team", { to: "team@acme.org", subject: "Report of {{ ds }}", htmlContent: "<p>It is there.</p>" });
 */
export function email(id: string, options: EmailOptions): TaskArg<void> {
  const { to, subject, htmlContent, cc, bcc, fromEmail, connId = CONNECTION as ConnectionId, ...rest } = options;
  return placeOperator<void>({
    id,
    operatorName: "EmailOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { to, subject, htmlContent, cc, bcc, fromEmail }),
    execute: async (values, context) => {
      const from = values["fromEmail"] === undefined ? {} : { fromEmail: textValue(values["fromEmail"]) };
      const mail = {
        to: addressValue(values["to"]),
        cc: addressValue(values["cc"]),
        bcc: addressValue(values["bcc"]),
        subject: textValue(values["subject"]),
        htmlContent: textValue(values["htmlContent"]),
        messageId: context.ti.idempotencyKey,
        ...from,
      };
      await sendEmail(context, mail, connId);
    },
  });
}

/** Sends a mail now, over `smtp_default` or another connection. Throws when it cannot be handed over. */
export async function sendEmail(
  context: Pick<RunContext, "hook">,
  mail: Mail,
  connectionId: ConnectionId = CONNECTION as ConnectionId,
): Promise<void> {
  const smtp = await context.hook(SmtpHook, connectionId);
  await smtp.sendEmail(mail);
}

function addressValue(value: unknown): string | readonly string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(textValue) : textValue(value);
}
