// The line between two parts of the workspace: dragged, or moved by the arrow keys.
import { type KeyboardEvent, type PointerEvent, type RefObject, useState } from "react";
import { type Divider as At, resize } from "../../workspace/layout.ts";
import { change } from "../../workspace/store.ts";

const STEP = 4;

interface Props {
  at: At;
  workspace: RefObject<HTMLElement | null>;
}

export function Divider({ at: { path, way, share, box }, workspace }: Props) {
  const [dragging, setDragging] = useState(false);
  const across = way === "row";
  const to = (next: number, arranged: boolean) =>
    change((now) => resize(now, path, next), { replace: true, arranged });
  const drag = (event: PointerEvent) => {
    const whole = workspace.current?.getBoundingClientRect();
    if (!dragging || !whole) return;
    const place = across
      ? ((event.clientX - whole.left) / whole.width) * 100 - box.left
      : ((event.clientY - whole.top) / whole.height) * 100 - box.top;
    to((place / (across ? box.width : box.height)) * 100, false);
  };
  const press = (event: KeyboardEvent) => {
    const back = across ? "ArrowLeft" : "ArrowUp";
    const on = across ? "ArrowRight" : "ArrowDown";
    const next = { [back]: share - STEP, [on]: share + STEP, Home: 0, End: 100, Enter: 50 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    to(next, true);
  };
  const place = across
    ? { left: `${box.left + (box.width * share) / 100}%`, top: `${box.top}%`, height: `${box.height}%` }
    : { top: `${box.top + (box.height * share) / 100}%`, left: `${box.left}%`, width: `${box.width}%` };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be moved
    <div
      role="separator"
      tabIndex={0}
      aria-label={across ? "Width of the panes" : "Height of the panes"}
      aria-orientation={across ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(share)}
      aria-valuemin={15}
      aria-valuemax={85}
      title="Drag, or use the arrow keys; Enter makes both alike"
      style={place}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging(true);
      }}
      onPointerMove={drag}
      onPointerUp={() => {
        setDragging(false);
        to(share, true);
      }}
      onDoubleClick={() => to(50, true)}
      onKeyDown={press}
      className={`group absolute z-10 touch-none ${across ? "-translate-x-1/2 w-2 cursor-col-resize" : "-translate-y-1/2 h-2 cursor-row-resize"}`}
    >
      <div
        className={`absolute ${dragging ? "bg-accent" : "bg-line group-hover:bg-accent"} ${across ? "inset-y-0 left-1/2 w-px" : "inset-x-0 top-1/2 h-px"}`}
      />
    </div>
  );
}
