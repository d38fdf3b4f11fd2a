// What the models of a provider can do, as far as it is known; the provider's own list on demand.
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { brief, plural } from "../../parts/format.ts";
import { OFFLINE } from "../../parts/models.ts";
import { useRead } from "../../parts/read.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import type { ModelInfo, Provider } from "../../wire/index.ts";

interface ModelList {
  models: ModelInfo[];
}

export function ModelTable({ provider }: { provider: Provider }) {
  const [asked, setAsked] = useState(false);
  const path = `/api/providers/${encodeURIComponent(provider.id)}/models`;
  const { data, error, again } = useRead<ModelList>(asked ? path : null);
  const models = data?.models ?? provider.models;
  if (provider.id === OFFLINE) return null;
  return (
    <details className="text-small">
      <summary className="w-fit cursor-pointer text-soft hover:text-ink">
        {models.length > 0 ? plural(models.length, "model") : "Models"}
      </summary>
      {models.length > 0 && (
        <div className="mt-1 max-h-72 overflow-y-auto">
          <table className="numbers w-full">
            <thead className="text-left text-faint">
              <tr>
                <th className="py-1 pr-4 font-normal">Model</th>
                <th className="py-1 pr-4 font-normal">Window</th>
                <th className="py-1 font-normal">Can</th>
              </tr>
            </thead>
            <tbody>
              {models.map((model) => (
                <tr key={model.id} className="border-line border-t">
                  <td className="py-1 pr-4 font-mono [overflow-wrap:anywhere]">{model.id}</td>
                  <td className="py-1 pr-4 text-soft">
                    {model.context_window ? brief(model.context_window) : ""}
                  </td>
                  <td className="py-1 text-soft">{abilities(model)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {error && <Trouble action={<Button onClick={again}>Try again</Button>}>{error.message}</Trouble>}
      {asked && !data && !error && <Skeleton lines={2} label="Loading models" />}
      {!asked && (
        <button
          type="button"
          onClick={() => setAsked(true)}
          className="mt-1 min-h-6 text-accent hover:underline"
        >
          Ask {provider.label} for its list
        </button>
      )}
    </details>
  );
}

/** What a model is known to be able to do, in words. */
function abilities({ tools, images, reasoning }: ModelInfo): string {
  const can = [tools && "tools", images && "images", reasoning && "reasoning"].filter(Boolean);
  return can.join(", ");
}
