/**
 * @module `slackWebhook`: sends a message to Slack (Airflow's `SlackWebhookOperator`, and `SlackAPIPostOperator` by the connection's type).
 */
import type { ConnectionId } from "../register.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { type OperatorOptions, placeOperator, textValue } from "./operator.ts";
import { SlackHook } from "../hooks/slack-hook.ts";

export interface SlackWebhookOptions extends OperatorOptions {
  readonly slackWebhookConnId: ConnectionId;
  readonly message: Field<string>;
  readonly blocks?: Field<readonly object[]>;
  readonly channel?: Field<string>;
  readonly username?: Field<string>;
}

/**
 * Places the message.
 * @example
 * slackWebhook("tell", { slackWebhookConnId: "slack", message: "{{ dag.dag_id }} is through for {{ ds }}" });
 */
export function slackWebhook(id: string, options: SlackWebhookOptions): TaskArg<void> {
  const { slackWebhookConnId, message, blocks, channel, username, ...rest } = options;
  return placeOperator<void>({
    id,
    operatorName: "SlackWebhookOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { message, blocks, channel, username }),
    execute: async (values, context) => {
      const slack = await context.hook(SlackHook, slackWebhookConnId);
      const text = (name: string): string | undefined =>
        values[name] === undefined ? undefined : textValue(values[name]);
      const [place, name] = [text("channel"), text("username")];
      const sent = {
        text: text("message") ?? "",
        ...(Array.isArray(values["blocks"]) ? { blocks: values["blocks"] as readonly object[] } : {}),
        ...(place === undefined ? {} : { channel: place }),
        ...(name === undefined ? {} : { username: name }),
      };
      await slack.send(sent, context.signal);
    },
  });
}
