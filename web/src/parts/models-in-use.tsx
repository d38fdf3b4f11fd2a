// Which models there are, which one answers, and how to add a key.
import { CircleCheck, CircleDashed } from "lucide-react";
import type { Provider } from "../wire/index.ts";
import { Button } from "./button.tsx";
import { OFFLINE, useProviders } from "./models.ts";
import { Skeleton, Trouble } from "./status.tsx";
import { Words } from "./words.tsx";

export function ModelsInUse() {
  const { data, error, again } = useProviders();
  if (error && !data)
    return <Trouble action={<Button onClick={again}>Try again</Button>}>{error.message}</Trouble>;
  if (!data) return <Skeleton lines={4} />;
  const offline = data.default_model === OFFLINE;
  return (
    <div className="flex flex-col gap-3">
      <p className="text-soft">
        New chats ask <strong className="font-semibold text-ink">{data.default_model}</strong>.{" "}
        {offline &&
          "It is built in and is no language model: it follows plain requests such as “list”, “read README.md” and “search TODO”, so that everything can be tried without a key."}
      </p>
      <ul className="divide-y divide-line border-line border-y">
        {data.providers.map((provider) => (
          <ProviderLine key={provider.id} provider={provider} />
        ))}
      </ul>
    </div>
  );
}

function ProviderLine({ provider }: { provider: Provider }) {
  const Icon = provider.configured ? CircleCheck : CircleDashed;
  return (
    <li className="flex gap-2.5 py-2.5">
      <Icon
        size={16}
        className={`mt-0.5 shrink-0 ${provider.configured ? "text-good" : "text-faint"}`}
        aria-hidden
      />
      <div className="flex min-w-0 flex-1 flex-col gap-0.5">
        <div className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{provider.label}</span>
          <span className="text-faint text-small">{provider.configured ? "ready" : "not set up"}</span>
        </div>
        {provider.hint && (
          <p className="text-soft text-small [overflow-wrap:anywhere]">
            <Words>{provider.hint}</Words>
          </p>
        )}
        {provider.base_url && <p className="truncate font-mono text-faint text-small">{provider.base_url}</p>}
        {provider.configured && provider.id !== OFFLINE && provider.models.length > 0 && (
          <p className="text-faint text-small">
            {provider.models
              .slice(0, 8)
              .map((model) => model.id)
              .join(" · ")}
          </p>
        )}
      </div>
    </li>
  );
}
