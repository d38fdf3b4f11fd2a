// The models that can be asked, by the names by which one asks for them.
import { createContext, use } from "react";
import type { ModelInfo, Provider, Providers } from "../wire/index.ts";
import type { Read } from "./read.ts";

export const OFFLINE = "offline";

/** The full name of a provider's model, as `openai/NAME`; the built-in model is just `offline`. */
export function modelName(provider: Provider, model: string): string {
  if (provider.id === OFFLINE || model.startsWith(`${provider.id}/`)) return model;
  return `${provider.id}/${model}`;
}

export interface ModelGroup {
  label: string;
  items: string[];
}

/** What can be chosen: the models of all providers that are set up. */
export function choices({ providers }: Providers): ModelGroup[] {
  return providers
    .filter((provider) => provider.configured && provider.models.length > 0)
    .map((provider) => ({
      label: provider.label,
      items: provider.models.map((model) => modelName(provider, model.id)),
    }));
}

const NONE: Read<Providers> = { data: null, of: null, error: null, again: () => undefined };
export const ProvidersContext = createContext<Read<Providers>>(NONE);

export function useProviders(): Read<Providers> {
  return use(ProvidersContext);
}

/** What is known of a model, by its full name. */
export function useModelInfo(model: string): ModelInfo | null {
  const { data } = useProviders();
  const providers = data?.providers ?? [];
  return (
    providers
      .flatMap((provider) => provider.models.filter((it) => modelName(provider, it.id) === model))
      .at(0) ?? null
  );
}
