// How many tokens the turns took that ended today.
import { useList } from "../../live/react.tsx";
import { useNow } from "../../parts/clock.tsx";
import { brief, cacheShare, count } from "../../parts/format.ts";
import { useRead } from "../../parts/read.ts";
import type { Spent } from "../../wire/index.ts";

/** When this day began where the page is looked at, in microseconds. */
export function dayBegan(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0) * 1_000;
}

export function Today() {
  const since = dayBegan(useNow(60_000));
  // Asked again whenever a turn has ended: the sum of all chats says so.
  const spent = useList("chats").rows.reduce((sum, { usage }) => sum + total(usage), 0);
  const { data } = useRead<Spent>(`/api/usage?since=${since}`, spent);
  if (!data) return null;
  const cached = cacheShare(data.usage);
  const about = data.usage.estimated ? "about " : "";
  const { input = 0, output = 0 } = data.usage;
  return (
    <p
      className="numbers text-faint text-small"
      title={`${about}${count(input)} sent, ${count(output)} received`}
    >
      Today {about}
      {brief(input + output)} tokens{cached !== null && cached > 0 && `, ${cached} % cached`}
    </p>
  );
}

const total = ({ input = 0, output = 0 }: { input?: number; output?: number }) => input + output;
