// Files that went with a message: images small, and large when one wants to see them; all others by name.
import { ChevronLeft, ChevronRight, FileText } from "lucide-react";
import { useState } from "react";
import type { Attachment } from "../wire/index.ts";
import { IconButton } from "./button.tsx";
import { bytes } from "./format.ts";
import { Lightbox } from "./lightbox.tsx";

export function isImage({ type }: Attachment): boolean {
  return type.startsWith("image/");
}

export function blobAddress({ blob }: Attachment): string {
  return `/api/blobs/${blob}`;
}

export function Attachments({ attachments }: { attachments: readonly Attachment[] }) {
  const [shown, setShown] = useState<number | null>(null);
  const images = attachments.filter(isImage);
  const others = attachments.filter((file) => !isImage(file));
  const image = shown === null ? undefined : images[shown];
  const step = (by: number) =>
    setShown((was) => (was === null ? null : (was + by + images.length) % images.length));
  return (
    <div className="mt-2 flex flex-col gap-2">
      {images.length > 0 && (
        <ul aria-label="Images" className="flex flex-wrap gap-2">
          {images.map((file, index) => (
            <li key={`${file.blob} ${file.name}`}>
              <button
                type="button"
                onClick={() => setShown(index)}
                aria-label={`Show ${file.name} large`}
                className="block overflow-hidden rounded-md border border-line bg-ground hover:border-line-strong"
              >
                <img
                  src={blobAddress(file)}
                  alt={file.name}
                  loading="lazy"
                  className="h-32 max-w-60 object-contain max-md:h-24 max-md:max-w-40"
                />
              </button>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <ul aria-label="Files" className="flex flex-wrap gap-1.5">
          {others.map((file) => (
            <li key={`${file.blob} ${file.name}`}>
              <a
                href={blobAddress(file)}
                download={file.name}
                className="flex h-7 items-center gap-1.5 rounded-md border border-line bg-ground px-2 text-small text-soft hover:border-line-strong hover:text-ink"
              >
                <FileText size={13} aria-hidden />
                {file.name}
                <span className="numbers text-faint">{bytes(file.bytes)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {image && (
        <Lightbox name={image.name} address={blobAddress(image)} onClose={() => setShown(null)} onStep={step}>
          {images.length > 1 && (
            <>
              <IconButton label="The image before" onClick={() => step(-1)}>
                <ChevronLeft size={16} aria-hidden />
              </IconButton>
              <span className="numbers text-small text-soft">
                {(shown ?? 0) + 1} of {images.length}
              </span>
              <IconButton label="The next image" onClick={() => step(1)}>
                <ChevronRight size={16} aria-hidden />
              </IconButton>
            </>
          )}
        </Lightbox>
      )}
    </div>
  );
}
