// Where the page begins.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/page.css";
import { connect } from "./live/browser.ts";
import { LiveProvider } from "./live/react.tsx";
import { Shell } from "./panes/shell/index.tsx";
import { preload } from "./panes/shell/pane-frame.tsx";
import { RouterProvider } from "./routes.tsx";
import { activePane } from "./workspace/layout.ts";
import { workspace } from "./workspace/store.ts";

// What the address names loads while the connection is made.
preload(activePane(workspace()).route);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <LiveProvider live={connect()}>
      <RouterProvider>
        <Shell />
      </RouterProvider>
    </LiveProvider>
  </StrictMode>,
);
