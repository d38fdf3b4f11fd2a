// Messages that were not read yet: they are read when one comes near to them.
import { useEffect } from "react";
import type { Older } from "../../../live/older.ts";
import { Button } from "../../../parts/button.tsx";
import { Trouble } from "../../../parts/status.tsx";
import { UNREAD } from "./height.ts";
import { useNear } from "./near.tsx";
import { type Hole, nameOf } from "./parts.ts";

/** One who only scrolls past, within so many ms, has nothing read. */
const LINGER = 60;

interface Props {
  hole: Hole;
  older: Older;
  /** The index of the first message of the view. */
  first: number;
}

export function Unread({ hole, older, first }: Props) {
  const { block, from, to, state } = hole;
  const { box, near } = useNear(false);
  const failed = typeof state === "object" && "failed" in state ? state.failed : null;
  useEffect(() => {
    if (!near || failed !== null) return;
    const timer = setTimeout(() => older.want(block, first), LINGER);
    return () => clearTimeout(timer);
  }, [near, failed, older, block, first]);
  return (
    <div
      ref={box}
      data-part={nameOf(hole)}
      data-hole={block}
      style={{ height: (to - from) * UNREAD }}
      className={`[overflow-anchor:none] ${failed === null ? "unread" : ""}`}
    >
      {near && failed === null && (
        <p className="sr-only" role="status">
          Reading older messages
        </p>
      )}
      {near && failed !== null && (
        <div className="sticky top-4 py-4">
          <Trouble action={<Button onClick={() => older.want(block, first)}>Try again</Button>}>
            {failed}
          </Trouble>
        </div>
      )}
    </div>
  );
}
