// What the parts of the settings are made of.
import type { ReactNode } from "react";

interface Props {
  /** Its name in addresses. */
  id: string;
  title: string;
  /** What it is about, in a sentence. */
  about?: string;
  children: ReactNode;
}

export function Section({ id, title, about, children }: Props) {
  return (
    <section data-section={id} aria-labelledby={`${id}-title`} className="flex flex-col gap-3">
      <header>
        <h2 id={`${id}-title`} className="font-semibold text-large">
          {title}
        </h2>
        {about && <p className="text-soft">{about}</p>}
      </header>
      {children}
    </section>
  );
}

interface ChoiceProps<T extends string> {
  title: string;
  name: string;
  value: T;
  options: readonly { value: T; label: string; icon?: ReactNode }[];
  onChange(value: T): void;
}

/** One of a few. */
export function Choice<T extends string>({ title, name, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium">{title}</legend>
      <div className="flex flex-wrap gap-2">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex h-8 cursor-pointer items-center gap-2 rounded-md border border-line-strong px-3 text-soft hover:bg-hover has-checked:border-accent has-checked:bg-chosen has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent max-md:h-10"
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={value === option.value}
              onChange={() => onChange(option.value)}
            />
            {option.icon}
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
