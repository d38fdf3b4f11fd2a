// What a person said, and the files that went with it.
import { memo, use } from "react";
import { Attachments } from "../../../parts/attachments.tsx";
import { BodyText } from "../../../parts/body-text.tsx";
import { Ago } from "../../../parts/clock.tsx";
import { isEmpty } from "../../../parts/format.ts";
import type { UserMessage as Said } from "../../../wire/index.ts";
import { editing, useDeeds } from "./deeds.ts";
import { Edit } from "./edit.tsx";
import { FoldsContext, useFold } from "./folds.ts";
import { RowMenuButton } from "./menu.tsx";

export const UserMessage = memo(function UserMessage({ message }: { message: Said }) {
  const deeds = useDeeds();
  const folds = use(FoldsContext);
  const [edited] = useFold(editing(message.message));
  const { attachments = [] } = message;
  if (edited)
    return (
      <Edit
        message={message}
        onAsk={(text) => deeds.askAnew(message, text)}
        onClose={() => folds.set(editing(message.message), false)}
      />
    );
  return (
    <article aria-label="You" className="group/row rounded-lg bg-said px-3.5 py-2.5">
      <div className="flex items-start gap-1.5">
        <div className="min-w-0 flex-1 whitespace-pre-wrap text-prose [overflow-wrap:anywhere]">
          {!isEmpty(message.text) && <BodyText body={message.text} />}
        </div>
        <Ago at={message.at} className="mt-0.5 ml-2 text-faint text-small" />
        <RowMenuButton
          label="What can be done with this message"
          actions={() => deeds.withMessage(message)}
          className="-mr-2 max-md:-my-1"
        />
      </div>
      {attachments.length > 0 && <Attachments attachments={attachments} />}
    </article>
  );
});
