// CodeMirror as the editor of a script: in the colours of the page, with what is wrong beside the lines.
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, forceLinting, linter, lintGutter } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";

/** What is wrong, and where: both from 1. */
export interface Fault {
  message: string;
  line: number;
  column: number;
}

interface Props {
  /** The text at first; another one makes another editor. */
  text: string;
  label: string;
  onChange(text: string): void;
  onSave(): void;
  /** What is wrong with a text; asked a moment after each change. */
  check(text: string): Promise<Fault | null>;
}

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--color-ground)", color: "var(--color-ink)" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", fontSize: "var(--text-small)", lineHeight: "1.6" },
  ".cm-gutters": {
    backgroundColor: "var(--color-ground)",
    color: "var(--color-faint)",
    borderRight: "1px solid var(--color-line)",
  },
  ".cm-content": { caretColor: "var(--color-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--color-ink)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--color-hover)" },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--color-accent) 28%, transparent)",
  },
  ".cm-tooltip, .cm-panels": {
    backgroundColor: "var(--color-raised)",
    color: "var(--color-ink)",
    border: "1px solid var(--color-line)",
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.moduleKeyword], color: "var(--color-code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--color-code-string)" },
  { tag: [tags.comment], color: "var(--color-faint)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--color-code-number)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--color-code-name)",
  },
]);

export function CodeEditor({ text, label, onChange, onSave, check }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const calls = useRef({ onChange, onSave, check });
  useEffect(() => {
    calls.current = { onChange, onSave, check };
  });
  useEffect(() => {
    if (!place.current) return;
    const faults = linter(
      async (view) => {
        const fault = await calls.current.check(view.state.doc.toString());
        if (!fault) return [];
        const line = view.state.doc.line(Math.min(Math.max(fault.line, 1), view.state.doc.lines));
        const from = Math.min(line.from + Math.max(fault.column - 1, 0), line.to);
        const shown: Diagnostic = {
          from: from === line.to ? line.from : from,
          to: line.to,
          severity: "error",
          message: fault.message,
        };
        return [shown];
      },
      { delay: 400 },
    );
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          basicSetup,
          javascript(),
          syntaxHighlighting(colours),
          look,
          lintGutter(),
          faults,
          keymap.of([
            {
              key: "Mod-s",
              run: () => {
                calls.current.onSave();
                return true;
              },
            },
          ]),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    forceLinting(view);
    return () => view.destroy();
  }, [text, label]);
  return <div ref={place} className="h-full min-h-0 overflow-hidden" />;
}
