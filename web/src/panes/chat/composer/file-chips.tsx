// The files of a message that is being written: small pictures, and what is on its way.
import { CircleAlert, FileText, RotateCw, X } from "lucide-react";
import { blobAddress, isImage } from "../../../parts/attachments.tsx";
import { bytes } from "../../../parts/format.ts";
import type { Attachment } from "../../../wire/index.ts";
import type { Sending } from "./files.ts";

interface Props {
  attachments: readonly Attachment[];
  sending: readonly Sending[];
  onRemove(attachment: Attachment): void;
  onAgain(id: string): void;
  onGiveUp(id: string): void;
}

const chip =
  "flex h-12 max-w-56 items-center gap-2 rounded-md border border-line bg-sunken pr-1 pl-2 text-small";

export function FileChips({ attachments, sending, onRemove, onAgain, onGiveUp }: Props) {
  if (attachments.length + sending.length === 0) return null;
  return (
    <ul aria-label="Files of this message" className="flex flex-wrap gap-1.5 px-2 pt-2">
      {attachments.map((file) => (
        <li key={`${file.blob} ${file.name}`} className={chip}>
          {isImage(file) ? (
            <img src={blobAddress(file)} alt="" className="size-8 rounded-sm object-cover" />
          ) : (
            <FileText size={16} className="shrink-0 text-faint" aria-hidden />
          )}
          <span className="min-w-0">
            <span className="block truncate" title={file.name}>
              {file.name}
            </span>
            <span className="numbers block text-faint text-tiny">{bytes(file.bytes)}</span>
          </span>
          <Button label={`Take out ${file.name}`} onClick={() => onRemove(file)} icon={X} />
        </li>
      ))}
      {sending.map(({ id, name, file, failed }) => (
        <li key={id} className={`${chip} ${failed === null ? "" : "border-bad"}`}>
          {failed === null ? (
            <span aria-hidden className="mx-1 size-1.5 shrink-0 animate-breathe rounded-full bg-accent" />
          ) : (
            <CircleAlert size={16} className="shrink-0 text-bad" aria-hidden />
          )}
          <span className="min-w-0" role="status">
            <span className="block truncate" title={name}>
              {name}
            </span>
            <span
              className={`block truncate text-tiny ${failed === null ? "text-faint" : "text-bad"}`}
              title={failed ?? ""}
            >
              {failed ?? `storing ${bytes(file.size)}`}
            </span>
          </span>
          {failed !== null && (
            <Button label={`Try ${name} again`} onClick={() => onAgain(id)} icon={RotateCw} />
          )}
          <Button label={`Take out ${name}`} onClick={() => onGiveUp(id)} icon={X} />
        </li>
      ))}
    </ul>
  );
}

function Button({ label, onClick, icon: Icon }: { label: string; onClick(): void; icon: typeof X }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-faint hover:bg-hover hover:text-ink max-md:size-8"
    >
      <Icon size={13} aria-hidden />
    </button>
  );
}
