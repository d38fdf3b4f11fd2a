// What can be done from everywhere.
import {
  Archive,
  CircleHelp,
  Columns2,
  FolderPlus,
  House,
  ListFilter,
  Monitor,
  Moon,
  PanelLeft,
  Rows2,
  Settings,
  SquarePen,
  Sun,
  Workflow,
  X,
} from "lucide-react";
import { type Action, useActions } from "../../parts/actions.ts";
import { changeLook } from "../../parts/look.ts";
import { type Route, useRouter, useWorkspace } from "../../routes.tsx";
import { projectOf, sessionOf } from "../../workspace/address.ts";
import { MOST_PANES, panesOf } from "../../workspace/layout.ts";
import { SECTIONS } from "../settings/sections.ts";
import { arrange, enterNext, enterNumber } from "./arrange.ts";

const THEMES = [
  { theme: "system", label: "as the system", icon: Monitor },
  { theme: "light", label: "light", icon: Sun },
  { theme: "dark", label: "dark", icon: Moon },
] as const;

interface Doers {
  fold(): void;
  help(): void;
  find(): void;
}

export function useFrameActions({ fold, help, find }: Doers): void {
  const { route, go } = useRouter();
  const { layout, active } = useWorkspace();
  const panes = panesOf(layout);
  const room = panes.length < MOST_PANES;
  const several = panes.length > 1;
  const actions: (Action | false)[] = [
    { id: "find", label: "Find anything", keys: "Mod+K", run: find, hidden: true },
    {
      id: "chat.new",
      label: "New chat",
      icon: SquarePen,
      keys: "Alt+N",
      run: () => go(beginning(route)),
    },
    { id: "go.home", label: "Go home", icon: House, keys: "Alt+H", run: () => go({ pane: "home" }) },
    {
      id: "go.settings",
      label: "Settings",
      icon: Settings,
      keys: "Mod+,",
      run: () => go({ pane: "settings" }),
    },
    projectOf(route) !== null && {
      id: "go.workflows",
      label: "Workflows",
      icon: Workflow,
      words: "run script agents",
      run: () => go({ pane: "workflows", project: projectOf(route) ?? "" }),
    },
    { id: "project.add", label: "Add a project", icon: FolderPlus, run: () => go({ pane: "add" }) },
    {
      id: "go.archive",
      label: "Archived sessions and chats",
      icon: Archive,
      run: () => go({ pane: "archive" }),
    },
    {
      id: "rail.filter",
      label: "Filter the rail",
      icon: ListFilter,
      keys: "f",
      words: "sessions chats projects",
      run: () => inRail("input")?.focus(),
    },
    {
      id: "rail.go",
      label: "Go to the rail",
      icon: PanelLeft,
      keys: "r",
      run: () => (inRail("[aria-current]") ?? inRail("[data-row]"))?.focus(),
    },
    { id: "rail.fold", label: "Fold or unfold the rail", icon: PanelLeft, keys: "Mod+B", run: fold },
    room && {
      id: "pane.right",
      label: "Split the pane: right",
      icon: Columns2,
      keys: "Alt+\\",
      run: () => arrange.split(active, "right"),
    },
    room && {
      id: "pane.below",
      label: "Split the pane: below",
      icon: Rows2,
      keys: "Alt+-",
      run: () => arrange.split(active, "below"),
    },
    several && {
      id: "pane.close",
      label: "Close the pane",
      icon: X,
      keys: "Alt+W",
      run: () => arrange.close(active),
    },
    several && { id: "pane.next", label: "Go to the next pane", keys: "F6", run: () => enterNext(1) },
    several && {
      id: "pane.last",
      label: "Go to the pane before",
      keys: "Shift+F6",
      run: () => enterNext(-1),
    },
    ...(several ? panes : []).map((_, index) => ({
      id: `pane.${index + 1}`,
      label: `Go to pane ${index + 1}`,
      keys: `Alt+${index + 1}`,
      run: () => enterNumber(index + 1),
    })),
    ...SECTIONS.map(({ id, label, words, icon }) => ({
      id: `settings.${id}`,
      label: `Settings: ${label}`,
      words,
      icon,
      run: () => go({ pane: "settings", section: id }),
    })),
    ...THEMES.map(({ theme, label, icon }) => ({
      id: `theme.${theme}`,
      label: `Theme: ${label}`,
      words: "dark light mode colour",
      icon,
      run: () => changeLook({ theme }),
    })),
    { id: "help", label: "Show the shortcuts", icon: CircleHelp, keys: "?", run: help },
  ];
  useActions(actions.filter((action) => action !== false));
}

/** Something in the rail that can be seen: on a phone there may be two. */
function inRail(what: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(`[data-rail] ${what}`)].find(
    (element) => element.offsetParent !== null,
  );
}

/** Where a new chat is begun, seen from where one is. */
function beginning(route: Route): Route {
  const project = projectOf(route);
  const session = sessionOf(route);
  if (!project) return { pane: "home" };
  return session ? { pane: "session", project, session } : { pane: "project", project };
}
