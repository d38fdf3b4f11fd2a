// The one door to the types of the wire: what is behind it may be written by hand or generated.
export type * from "./wire.ts";
