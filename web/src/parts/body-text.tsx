// A text that may be kept elsewhere: its beginning stands here, the rest is read when it is wanted.
import { type ReactNode, useEffect, useState } from "react";
import { blobText, knownBlob } from "../live/blobs.ts";
import type { BlobRef, Body } from "../wire/index.ts";
import { bytes } from "./format.ts";

interface Whole {
  text: string;
  /** What is missing is on its way, or could not be read. */
  state: "whole" | "reading" | "failed";
}

/** The whole of a text; its beginning until the rest is here. Long texts are read at once if `eager`. */
export function useBody(body: Body, eager: boolean): Whole & { read(): void } {
  const blob = typeof body === "string" ? null : body;
  const [wanted, setWanted] = useState(eager);
  const [, arrived] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!blob || !wanted || knownBlob(blob) !== undefined) return;
    let here = true;
    blobText(blob).then(
      () => here && arrived((was) => was + 1),
      () => here && setFailed(true),
    );
    return () => {
      here = false;
    };
  }, [blob, wanted]);
  const read = () => {
    setFailed(false);
    setWanted(true);
  };
  if (!blob) return { text: body as string, state: "whole", read };
  const whole = knownBlob(blob);
  if (whole !== undefined) return { text: whole, state: "whole", read };
  return { text: blob.head, state: failed || !wanted ? "failed" : "reading", read };
}

/** A text as it is, with a button for the rest where there is more. */
export function BodyText({ body, children }: { body: Body; children?: (text: string) => ReactNode }) {
  const { text, state, read } = useBody(body, false);
  return (
    <>
      {children ? children(text) : text}
      {state !== "whole" && <More of={body as BlobRef} reading={state === "reading"} onRead={read} />}
    </>
  );
}

export function More({ of, reading, onRead }: { of: BlobRef; reading: boolean; onRead(): void }) {
  return (
    <button
      type="button"
      onClick={onRead}
      disabled={reading}
      className="mt-1 block text-accent text-small hover:underline"
    >
      {reading ? "reading" : `Show all ${bytes(of.bytes)}`}
    </button>
  );
}
