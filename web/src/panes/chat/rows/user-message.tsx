// What a person said.
import { memo } from "react";
import { BodyText } from "../../../parts/body-text.tsx";
import { Ago } from "../../../parts/clock.tsx";
import type { UserMessage as Said } from "../../../wire/index.ts";

export const UserMessage = memo(function UserMessage({ message }: { message: Said }) {
  return (
    <article aria-label="You" className="rounded-lg bg-said px-3.5 py-2.5">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1 whitespace-pre-wrap text-prose [overflow-wrap:anywhere]">
          <BodyText body={message.text} />
        </div>
        <Ago at={message.at} className="mt-0.5 text-faint text-small" />
      </div>
    </article>
  );
});
