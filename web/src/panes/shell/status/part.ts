// What every part of the status line looks like.
export const part = "flex h-6 items-center gap-1.5 rounded-sm px-1.5 hover:bg-hover hover:text-ink";
