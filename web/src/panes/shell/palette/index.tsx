// The command palette: every action and everything there is, found by a few letters.
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { Cpu, FolderGit2, Layers, MessageSquare, Search } from "lucide-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { chatLabel, newestOf } from "../../../live/desk.ts";
import { useDesk, useLive } from "../../../live/react.tsx";
import { offered } from "../../../parts/actions.ts";
import { Keys } from "../../../parts/kbd.tsx";
import { choices, useProviders } from "../../../parts/models.ts";
import { recall, remember } from "../../../parts/storage.ts";
import { type Route, useRouter } from "../../../routes.tsx";
import { afterUse, type Found, type Group, groups, type Item } from "./items.ts";

interface Props {
  /** The pane in use. */
  pane: number;
  onClose(): void;
}

const RECENT = "palette";

const recent = (): string[] => recall<string[]>(RECENT, Array.isArray) ?? [];

export function Palette({ pane, onClose }: Props) {
  const items = useItems(pane);
  const [query, setQuery] = useState("");
  const [used] = useState(recent);
  const shown = useMemo(() => groups(items, query, used), [items, query, used]);
  const marked = useRef<Found | undefined>(undefined);
  const choose = (item: Item, beside = false) => {
    remember(RECENT, afterUse(recent(), item.id));
    onClose();
    if (beside && item.beside) item.beside();
    else item.run();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !marked.current) return;
    event.preventDefault();
    choose(marked.current, true);
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil" />
        <Dialog.Popup
          aria-label="Command palette"
          className="fixed top-[10vh] left-1/2 z-50 flex max-h-[76vh] w-[min(38rem,calc(100vw-1.5rem))] -translate-x-1/2 flex-col overflow-hidden rounded-lg border border-line bg-raised text-ink shadow-pop"
        >
          <Autocomplete.Root
            open
            inline
            mode="none"
            items={shown}
            value={query}
            onValueChange={setQuery}
            itemToStringValue={(item: Found) => item.label}
            autoHighlight="always"
            keepHighlight
            onItemHighlighted={(item) => {
              marked.current = item as Found | undefined;
            }}
          >
            <div className="flex items-center gap-2 border-line border-b px-3">
              <Search size={15} className="shrink-0 text-faint" aria-hidden />
              <Autocomplete.Input
                onKeyDown={press}
                aria-label="Find an action, a chat, a model or a setting"
                placeholder="Find an action, chat, model, setting"
                className="h-11 min-w-0 flex-1 bg-transparent text-prose outline-none max-md:text-[1rem]"
              />
              <Dialog.Close className="sr-only">Close</Dialog.Close>
            </div>
            <Autocomplete.Empty className="px-4 py-6 text-center text-soft empty:hidden">
              Nothing is called so.
            </Autocomplete.Empty>
            <Autocomplete.List className="min-h-0 overflow-y-auto overscroll-contain p-1.5 empty:p-0">
              {(group: Group) => (
                <Autocomplete.Group key={group.label} items={group.items} className="not-first:mt-1.5">
                  <Autocomplete.GroupLabel className="px-2 py-1 text-faint text-tiny">
                    {group.label}
                  </Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(item: Found) => <Line key={item.id} item={item} onChoose={() => choose(item)} />}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
            <p className="flex shrink-0 gap-4 border-line border-t px-3 py-1.5 text-faint text-tiny max-md:hidden">
              <span className="flex items-center gap-1.5">
                <Keys keys="Enter" /> go
              </span>
              <span className="flex items-center gap-1.5">
                <Keys keys="Mod+Enter" /> open beside
              </span>
            </p>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Line({ item, onChoose }: { item: Found; onChoose(): void }) {
  const Icon = item.icon;
  return (
    <Autocomplete.Item
      value={item}
      onClick={onChoose}
      className="flex min-h-8 cursor-default select-none items-center gap-2.5 rounded-sm px-2 outline-none data-highlighted:bg-hover max-md:min-h-11"
    >
      <span className="flex w-4 shrink-0 justify-center text-faint">
        {Icon && <Icon size={14} aria-hidden />}
      </span>
      <span className="min-w-0 flex-1 truncate">
        <Marked text={item.label} at={item.at} />
      </span>
      {item.detail && <span className="max-w-48 shrink-0 truncate text-faint text-small">{item.detail}</span>}
      {item.keys && (
        <span className="max-md:hidden">
          <Keys keys={item.keys} />
        </span>
      )}
    </Autocomplete.Item>
  );
}

/** A text with the letters that were found in it. */
function Marked({ text, at }: { text: string; at: number[] }) {
  if (at.length === 0) return text;
  const found = new Set(at);
  const parts: { begin: number; text: string; found: boolean }[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const last = parts.at(-1);
    if (last && last.found === found.has(index)) last.text += text[index];
    else parts.push({ begin: index, text: text[index] ?? "", found: found.has(index) });
  }
  return parts.map((part) => (
    <span key={part.begin} className={part.found ? "font-semibold text-accent" : undefined}>
      {part.text}
    </span>
  ));
}

/** All that can be found. */
function useItems(pane: number): Item[] {
  const live = useLive();
  const { route, go } = useRouter();
  const { projects } = useDesk();
  const { data: providers } = useProviders();
  return useMemo(() => {
    const to = (place: Route) => ({ run: () => go(place), beside: () => go(place, "beside") });
    const { here, everywhere } = offered(pane);
    const actions = [...here, ...everywhere].flatMap(({ run, hidden, ...action }): Item[] =>
      run && !hidden ? [{ ...action, kind: "action", run }] : [],
    );
    const sessions = projects.flatMap((project) =>
      project.sessions.map((session): Item & { at: number } => ({
        id: session.stream,
        kind: "session",
        label: session.label,
        detail: project.name,
        icon: Layers,
        at: session.active_at,
        ...to(newestOf(session)),
      })),
    );
    const chats = projects.flatMap((project) =>
      project.sessions
        // The only chat of a session is what the session opens at.
        .filter(({ inside }) => inside.length > 1)
        .flatMap(({ inside, label }) =>
          inside.map((chat): Item & { at: number } => ({
            id: chat.stream,
            kind: "chat",
            label: chatLabel(chat),
            detail: label,
            words: project.name,
            icon: MessageSquare,
            at: chat.updated_at,
            ...to({ pane: "chat", project: chat.project, session: chat.session, chat: chat.id }),
          })),
        ),
    );
    const folders = projects.map(
      (project): Item => ({
        id: project.stream,
        kind: "project",
        label: project.name,
        detail: project.path,
        icon: FolderGit2,
        ...to({ pane: "project", project: project.id }),
      }),
    );
    const models = (providers ? choices(providers) : []).flatMap((group) =>
      group.items.map(
        (model): Item => ({
          id: `model/${model}`,
          kind: "model",
          label: model,
          detail: route.pane === "chat" ? "answers in this chat" : group.label,
          words: "model",
          icon: Cpu,
          run: () => {
            if (route.pane === "chat")
              void live.command(`chat/${route.chat}`, { type: "ConfigureChat", model });
            else go({ pane: "settings", section: "models" });
          },
        }),
      ),
    );
    const newest = (a: { at: number }, b: { at: number }) => b.at - a.at;
    return [...actions, ...sessions.sort(newest), ...chats.sort(newest), ...folders, ...models];
  }, [live, pane, route, go, projects, providers]);
}
