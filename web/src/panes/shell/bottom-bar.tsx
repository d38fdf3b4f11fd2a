// The bar at the foot of a phone.
import { House, type LucideIcon, MessageSquare, PanelLeft, Settings, SquarePen } from "lucide-react";
import { Link, type Route, useRouter } from "../../routes.tsx";

const item = "flex h-12 flex-1 flex-col items-center justify-center gap-0.5 text-tiny";
const look = (current: boolean) => `${item} ${current ? "text-accent" : "text-soft"}`;

export function BottomBar({ browsing, onBrowse }: { browsing: boolean; onBrowse(): void }) {
  const { route } = useRouter();
  const at = (pane: Route["pane"]) => !browsing && route.pane === pane;
  const inside = "project" in route ? route.project : null;
  return (
    <nav
      aria-label="Main"
      className="flex shrink-0 border-line border-t bg-rail pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <Link to={{ pane: "home" }} className={look(at("home"))} current={at("home")}>
        <Label icon={House}>Home</Label>
      </Link>
      <button type="button" onClick={onBrowse} className={look(browsing)} aria-pressed={browsing}>
        <Label icon={PanelLeft}>Sessions</Label>
      </button>
      {route.pane === "chat" && (
        <Link to={route} className={look(at("chat"))} current={at("chat")}>
          <Label icon={MessageSquare}>Chat</Label>
        </Link>
      )}
      {inside && (
        <Link
          to={{ pane: "project", project: inside }}
          className={look(at("project"))}
          current={at("project")}
        >
          <Label icon={SquarePen}>New</Label>
        </Link>
      )}
      <Link to={{ pane: "settings" }} className={look(at("settings"))} current={at("settings")}>
        <Label icon={Settings}>Settings</Label>
      </Link>
    </nav>
  );
}

function Label({ icon: Icon, children }: { icon: LucideIcon; children: string }) {
  return (
    <>
      <Icon size={18} aria-hidden />
      {children}
    </>
  );
}
