// The model that answers: shown by its name, chosen from a list that can be searched, or named freely.
import { Combobox } from "@base-ui/react/combobox";
import { Check, ChevronsUpDown } from "lucide-react";
import { useMemo, useState } from "react";
import { choices, type ModelGroup, useProviders } from "./models.ts";

interface Props {
  model: string;
  onChange(model: string): void;
  /** Whether the list is shown, where that is not left to the button. */
  open?: boolean;
  onOpen?(open: boolean): void;
}

export function ModelPicker({ model, onChange, open, onOpen }: Props) {
  const { data } = useProviders();
  const [typed, setTyped] = useState("");
  const groups = useMemo(() => {
    const known: ModelGroup[] = data ? choices(data) : [];
    const named = typed.trim();
    const all = known.flatMap((group) => group.items);
    const own = [model, named].filter((name) => name.includes("/") && !all.includes(name));
    return own.length > 0 ? [...known, { label: "By name", items: [...new Set(own)] }] : known;
  }, [data, model, typed]);
  return (
    <Combobox.Root
      items={groups}
      value={model}
      onValueChange={(value: string | null) => value && value !== model && onChange(value)}
      {...(open === undefined ? {} : { open })}
      onOpenChange={(now: boolean) => onOpen?.(now)}
      inputValue={typed}
      onInputValueChange={setTyped}
    >
      <Combobox.Trigger
        aria-label={`Model: ${model}. Change`}
        title="The model that answers"
        className="flex h-7 min-w-0 items-center gap-1 rounded-md px-1.5 text-small text-soft hover:bg-hover hover:text-ink"
      >
        <span className="truncate">{model || "no model"}</span>
        <ChevronsUpDown size={12} className="shrink-0 text-faint" aria-hidden />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" side="top" sideOffset={6} className="z-50">
          <Combobox.Popup
            aria-label="Choose a model"
            className="w-80 max-w-[calc(100vw-2rem)] rounded-md border border-line bg-raised text-ink shadow-pop"
          >
            <Combobox.Input
              placeholder="Search, or name one: provider/model"
              className="h-9 w-full rounded-t-md border-line border-b bg-transparent px-3 outline-none"
            />
            <Combobox.Empty className="px-3 py-3 text-soft empty:hidden">
              No such model. Write provider/model to name one that is not listed.
            </Combobox.Empty>
            <Combobox.List className="max-h-72 overflow-y-auto overscroll-contain p-1 empty:p-0">
              {(group: ModelGroup) => (
                <Combobox.Group key={group.label} items={group.items}>
                  <Combobox.GroupLabel className="px-2 pt-2 pb-1 text-faint text-tiny">
                    {group.label}
                  </Combobox.GroupLabel>
                  <Combobox.Collection>
                    {(name: string) => (
                      <Combobox.Item
                        key={name}
                        value={name}
                        className="flex min-h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover"
                      >
                        <span className="min-w-0 flex-1 truncate">{name}</span>
                        <Combobox.ItemIndicator>
                          <Check size={14} className="text-accent" aria-hidden />
                        </Combobox.ItemIndicator>
                      </Combobox.Item>
                    )}
                  </Combobox.Collection>
                </Combobox.Group>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
