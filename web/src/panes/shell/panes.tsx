// The panes of the workspace beside and above each other, with the lines between them; on a phone one at a time.
import { type DragEvent, useEffect, useRef, useState } from "react";
import { useIsPhone } from "../../parts/media.ts";
import { usePaneTitles } from "../../parts/pane.tsx";
import { useWorkspace } from "../../routes.tsx";
import { carries, dropped, type Landing, landing } from "../../workspace/drag.ts";
import { type Box, type Pane, panesOf, placed } from "../../workspace/layout.ts";
import { PANES } from "../registry.ts";
import { arrange, enter } from "./arrange.ts";
import { Divider } from "./divider.tsx";
import { PaneFrame } from "./pane-frame.tsx";

const styleOf = ({ left, top, width, height }: Box) => ({
  left: `${left}%`,
  top: `${top}%`,
  width: `${width}%`,
  height: `${height}%`,
});

const WHOLE: Box = { left: 0, top: 0, width: 100, height: 100 };

export function Panes() {
  const workspace = useWorkspace();
  const phone = useIsPhone();
  const titles = usePaneTitles();
  const element = useRef<HTMLDivElement>(null);
  const { panes, dividers } = placed(workspace.layout);
  const nameOf = ({ id, route }: Pane) =>
    titles.get(id) ?? (route.pane === "lost" ? "Nothing here" : PANES[route.pane].label);
  const several = panes.length > 1;
  // Panes that change places stay where they are in the document: what they show is only moved, never drawn anew.
  const steady = panes.map(([pane, box], index) => ({ pane, box, number: index + 1 }));
  steady.sort((a, b) => a.pane.id - b.pane.id);
  return (
    <div className="flex h-full flex-col">
      {phone && several && (
        <Tabs panes={panesOf(workspace.layout)} active={workspace.active} nameOf={nameOf} />
      )}
      <div ref={element} className="relative min-h-0 flex-1">
        {steady.map(({ pane, box, number }) => (
          <section
            key={pane.id}
            id={`pane-${pane.id}`}
            tabIndex={-1}
            aria-label={several ? `Pane ${number}: ${nameOf(pane)}` : undefined}
            data-pane={pane.route.pane}
            data-active={pane.id === workspace.active || undefined}
            style={styleOf(phone ? WHOLE : box)}
            onPointerDownCapture={() => arrange.activate(pane.id)}
            onFocusCapture={() => arrange.activate(pane.id)}
            className={`absolute overflow-hidden outline-none ${phone && pane.id !== workspace.active ? "hidden" : ""}`}
          >
            <PaneFrame pane={pane} workspace={workspace} phone={phone} />
          </section>
        ))}
        {!phone && dividers.map((at) => <Divider key={at.path} at={at} workspace={element} />)}
        {!phone && <Landings panes={panes} />}
      </div>
    </div>
  );
}

interface TabsProps {
  panes: Pane[];
  active: number;
  nameOf(pane: Pane): string;
}

function Tabs({ panes, active, nameOf }: TabsProps) {
  return (
    <nav aria-label="Panes" className="flex shrink-0 border-line border-b bg-rail">
      {panes.map((pane) => (
        <button
          key={pane.id}
          type="button"
          onClick={() => enter(pane.id)}
          aria-current={pane.id === active}
          className={`h-9 min-w-0 flex-1 truncate border-b-2 px-2 text-small ${pane.id === active ? "border-accent text-ink" : "border-transparent text-soft"}`}
        >
          {nameOf(pane)}
        </button>
      ))}
    </nav>
  );
}

/** While something is dragged over the workspace: where it would land. */
function Landings({ panes }: { panes: [Pane, Box][] }) {
  const [dragged, setDragged] = useState(false);
  const [place, setPlace] = useState<Landing | null>(null);
  useEffect(() => {
    const begin = (event: globalThis.DragEvent) => {
      if (carries(event as unknown as DragEvent)) setDragged(true);
    };
    const end = () => {
      setDragged(false);
      setPlace(null);
    };
    addEventListener("dragenter", begin);
    addEventListener("dragend", end);
    addEventListener("drop", end);
    return () => {
      removeEventListener("dragenter", begin);
      removeEventListener("dragend", end);
      removeEventListener("drop", end);
    };
  }, []);
  if (!dragged) return null;
  const placeOf = (event: DragEvent<HTMLDivElement>) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    return landing(panes, ((event.clientX - left) / width) * 100, ((event.clientY - top) / height) * 100);
  };
  const over = (event: DragEvent<HTMLDivElement>) => {
    event.preventDefault();
    setPlace(placeOf(event));
  };
  const drop = (event: DragEvent<HTMLDivElement>) => {
    event.preventDefault();
    const what = dropped(event);
    const place = placeOf(event);
    if (!what || !place) return;
    const { pane, where } = place;
    if ("route" in what) {
      if (where === "middle") arrange.show(pane, what.route);
      else arrange.split(pane, where, what.route);
    } else if (where === "middle") arrange.swap(what.pane, pane);
    else arrange.move(what.pane, pane, where);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same is done by keys, see the menu of a pane
    <div className="absolute inset-0 z-20" onDragOver={over} onDrop={drop} onDragLeave={() => setPlace(null)}>
      {place && (
        <div
          aria-hidden
          style={styleOf(place.box)}
          className="pointer-events-none absolute rounded-md border-2 border-accent bg-accent/15"
        />
      )}
    </div>
  );
}
