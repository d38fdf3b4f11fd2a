// UUIDs of version 7: they begin with the time, so that what is newer sorts later.

/** A fresh id; time in ms since 1970 and randomness are given in tests. */
export function uuid7(now = Date.now(), random = crypto.getRandomValues(new Uint8Array(10))): string {
  const time = now.toString(16).padStart(12, "0");
  const byte = (index: number) => random[index] ?? 0;
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  const version = hex(0x70 | (byte(0) & 0x0f)) + hex(byte(1));
  const variant = hex(0x80 | (byte(2) & 0x3f)) + hex(byte(3));
  const rest = [4, 5, 6, 7, 8, 9].map((index) => hex(byte(index))).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${rest}`;
}
