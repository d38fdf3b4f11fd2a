// A bar that says how long something took, beside others.

/** `share` is the part of the longest, from 0 to 1. */
export function Bar({ share }: { share: number }) {
  const width = Math.max(0.04, Math.min(1, Number.isFinite(share) ? share : 0));
  return (
    <span aria-hidden className="h-1 w-10 overflow-hidden rounded-full bg-line max-md:hidden">
      <span className="block h-full rounded-full bg-bar" style={{ width: `${width * 100}%` }} />
    </span>
  );
}
