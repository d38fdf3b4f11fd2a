// Buttons: the one that matters, the others, and those that are only an icon.
import type { ComponentProps, ReactNode } from "react";

type Look = "primary" | "plain" | "quiet";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong disabled:bg-hover disabled:text-faint",
  plain: "border border-line-strong bg-raised text-ink hover:bg-hover disabled:text-faint",
  quiet: "text-soft hover:bg-hover hover:text-ink disabled:text-faint",
};

export function buttonClass(look: Look = "plain"): string {
  return `inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md px-3 font-medium whitespace-nowrap ${LOOKS[look]}`;
}

export function Button({
  look = "plain",
  className = "",
  ...props
}: ComponentProps<"button"> & { look?: Look }) {
  return <button type="button" {...props} className={`${buttonClass(look)} ${className}`} />;
}

export const iconButtonClass =
  "inline-flex size-7 shrink-0 items-center justify-center rounded-md text-soft hover:bg-hover hover:text-ink disabled:text-faint max-md:size-9";

export function IconButton({
  label,
  className = "",
  children,
  ...props
}: Omit<ComponentProps<"button">, "aria-label"> & { label: string; children: ReactNode }) {
  return (
    <button
      type="button"
      title={label}
      {...props}
      aria-label={label}
      className={`${iconButtonClass} ${className}`}
    >
      {children}
    </button>
  );
}
