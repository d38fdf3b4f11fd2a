// What waits, and the field for what comes next.
import { useState } from "react";
import type { Answer } from "../../live/outbox.ts";
import { useLive } from "../../live/react.tsx";
import { reason, shown } from "../../parts/format.ts";
import { usePane } from "../../parts/pane.tsx";
import { Trouble } from "../../parts/status.tsx";
import type { ChatView, Queued } from "../../wire/index.ts";
import type { ChatId } from "./commands.ts";
import { type Draft, useDraft } from "./composer/drafts.ts";
import { Facts } from "./composer/facts.tsx";
import { Composer, focusComposer } from "./composer/index.tsx";
import { posting } from "./composer/posting.ts";
import { Queue } from "./composer/queue.tsx";
import { type SlashCommand, typedCommand } from "./composer/slash.ts";
import { meant, useWorkflowCommands } from "./composer/workflows.ts";

interface Props {
  id: ChatId;
  view: ChatView;
  commands: readonly SlashCommand[];
  /** Stop was pressed and not answered yet. */
  stopping: boolean;
  /** The list of models is shown. */
  choosing: boolean;
  onChoosing(choosing: boolean): void;
}

/** What is typed is its own: typing draws nothing else anew. */
export function Foot({
  id: { project, session, chat },
  view,
  commands,
  stopping,
  choosing,
  onChoosing,
}: Props) {
  const live = useLive();
  const pane = usePane()?.id;
  const [draft, setDraft] = useDraft(chat);
  const [trouble, setTrouble] = useState<string | null>(null);
  const workflows = useWorkflowCommands({ project, session }, draft.text.startsWith("/"), (why, typed) => {
    setTrouble(why);
    setDraft((was) => (was.text ? was : { ...was, text: typed }));
  });
  if (trouble && draft.text === "") setTrouble(null);
  const stream = `chat/${chat}`;
  const unqueue = (message: string) => void live.command(stream, { type: "UnqueueMessage", message });
  const edit = ({ message, text, attachments = [] }: Queued) => {
    unqueue(message);
    setDraft((was) => ({
      text: was.text ? `${shown(text)}\n\n${was.text}` : shown(text),
      attachments: [...attachments, ...was.attachments],
    }));
    focusComposer(pane);
  };
  const send = async (sent: Draft): Promise<Answer> => {
    try {
      const command = await workflows.late(sent.text);
      if (command) {
        command.run(typedCommand(sent.text)?.rest ?? "");
        return { ok: true };
      }
    } catch (error) {
      setTrouble(`Whether that is a workflow could not be seen: ${reason(error)}`);
      return { ok: false, code: "unread", message: reason(error) };
    }
    return live.command(stream, posting({ ...sent, text: meant(sent.text) }));
  };
  const editWaiting = () => {
    const last = view.queue.at(-1);
    if (!last || typeof last.text !== "string") return false;
    edit(last);
    return true;
  };
  return (
    <>
      {trouble && <Trouble>{trouble}</Trouble>}
      <Queue queue={view.queue} onRemove={unqueue} onEdit={edit} />
      <Composer
        project={project}
        draft={draft}
        onDraft={setDraft}
        model={view.about?.model ?? ""}
        running={view.turn !== null}
        stopping={stopping}
        commands={[...commands, ...workflows.commands.filter(isOther(commands))]}
        choosing={choosing}
        onChoosing={onChoosing}
        said={() => said(view)}
        onEditWaiting={editWaiting}
        facts={<Facts view={view} />}
        onModel={(model) => void live.command(stream, { type: "ConfigureChat", model })}
        onSend={send}
        onStop={() => void live.command(stream, { type: "CancelTurn" })}
      />
    </>
  );
}

/** A workflow that is called as a command is stands behind it. */
const isOther = (commands: readonly SlashCommand[]) => (workflow: SlashCommand) =>
  commands.every((command) => command.name !== workflow.name);

/** What one said, the newest first, as far as it stands here in full. */
function said({ messages }: ChatView): string[] {
  return messages
    .flatMap((message) => (message.kind === "user" && typeof message.text === "string" ? [message.text] : []))
    .reverse();
}
