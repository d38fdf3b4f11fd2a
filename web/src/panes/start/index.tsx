// A folder becomes a project: the first start, and every later one that is added.
import { useState } from "react";
import { send } from "../../live/http.ts";
import { ModelsInUse } from "../../parts/models-in-use.tsx";
import { PaneHead, usePaneTitle } from "../../parts/pane.tsx";
import { Trouble } from "../../parts/status.tsx";
import { useRouter } from "../../routes.tsx";
import type { ProjectRow } from "../../wire/index.ts";
import { FolderBrowser } from "./folder-browser.tsx";

export const AddProject = () => <Choose first={false} />;

/** The first start. */
export const Welcome = () => <Choose first />;

function Choose({ first }: { first: boolean }) {
  usePaneTitle(first ? "Welcome" : "Add a project");
  const { go } = useRouter();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const choose = async (path: string) => {
    setBusy(true);
    setTrouble(null);
    try {
      const project = await send<ProjectRow>("POST", "/api/projects", { path });
      go({ pane: "project", project: project.id });
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <div className="flex h-full flex-col">
      <PaneHead>
        <span className="font-semibold">{first ? "Home" : "Projects"}</span>
      </PaneHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-2xl flex-col gap-6 p-6 max-md:p-4">
          <header className="flex flex-col gap-1">
            <h1 className="font-semibold text-title">{first ? "Welcome to Reenact" : "Add a project"}</h1>
            <p className="text-soft">
              {first
                ? "Agents work on folders of yours. Choose one to begin: they may read and search it, and nothing in it is run or changed."
                : "Choose the folder. Agents may read and search it, and nothing in it is run or changed."}
            </p>
          </header>
          {trouble && <Trouble>{trouble}</Trouble>}
          <FolderBrowser busy={busy} onChoose={choose} />
          {first && (
            <section aria-labelledby="models-title" className="flex flex-col gap-2">
              <h2 id="models-title" className="font-semibold text-large">
                Model
              </h2>
              <ModelsInUse />
            </section>
          )}
        </div>
      </div>
    </div>
  );
}
