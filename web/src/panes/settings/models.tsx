// The models there are: which one new chats ask, what each can do, and the keys of their providers.
import { useEffect, useState } from "react";
import { send } from "../../live/http.ts";
import { useConnection } from "../../live/react.tsx";
import { Button } from "../../parts/button.tsx";
import { reason } from "../../parts/format.ts";
import { ModelPicker } from "../../parts/model-picker.tsx";
import { OFFLINE, useProviders } from "../../parts/models.ts";
import { Skeleton, Trouble } from "../../parts/status.tsx";
import type { Providers } from "../../wire/index.ts";
import { ProviderLine } from "./provider.tsx";
import { Section } from "./section.tsx";

export function ModelSettings() {
  const { data, error, again } = useProviders();
  // Another window, or the command line, may have set a key since the page was opened.
  useEffect(again, [again]);
  return (
    <Section id="models" title="Models">
      {error && !data && (
        <Trouble action={<Button onClick={again}>Try again</Button>}>{error.message}</Trouble>
      )}
      {!error && !data && <Skeleton lines={4} label="Loading models" />}
      {data && (
        <>
          <Default providers={data} onChange={again} />
          <ul className="divide-y divide-line border-line border-y">
            {data.providers.map((provider) => (
              <ProviderLine key={provider.id} provider={provider} onChange={again} />
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

function Default({ providers, onChange }: { providers: Providers; onChange(): void }) {
  const { role } = useConnection();
  const [trouble, setTrouble] = useState<string | null>(null);
  const { default_model, default_chosen } = providers;
  const choose = (model: string | null) => {
    setTrouble(null);
    send("PUT", "/api/default-model", { model }).then(onChange, (error) => setTrouble(reason(error)));
  };
  return (
    <div className="flex flex-col gap-1">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span>New chats ask</span>
        {role === "admin" ? (
          <span className="rounded-md border border-line-strong">
            <ModelPicker model={default_model} onChange={choose} />
          </span>
        ) : (
          <strong className="font-semibold">{default_model}</strong>
        )}
        {default_chosen && role === "admin" && (
          <Button look="quiet" onClick={() => choose(null)}>
            As in the settings of the server
          </Button>
        )}
      </div>
      {default_model === OFFLINE && (
        <p className="text-soft text-small">
          It is built in and is no language model: it follows plain requests such as “list”, “read README.md”
          and “search TODO”, so that everything can be tried without a key.
        </p>
      )}
      {trouble && <Trouble>{trouble}</Trouble>}
    </div>
  );
}
