// What this browser remembers. Where its storage is full or closed, things last as long as the page.

const kept = new Map<string, string>();

/** What was remembered under a name, if it still is what it should be. */
export function recall<T>(name: string, fits: (value: unknown) => boolean): T | null {
  try {
    const text = kept.get(name) ?? localStorage.getItem(name);
    const value: unknown = text === null ? null : JSON.parse(text);
    return fits(value) ? (value as T) : null;
  } catch {
    return null; // Something else wrote there.
  }
}

export function remember(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
    kept.delete(name);
  } catch {
    kept.set(name, text);
  }
}
