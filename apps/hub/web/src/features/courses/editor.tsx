import { type ClipboardEvent, type DragEvent, useEffect, useId, useRef, useState } from "react";
import { picturesOf, type RichNode, richNodes } from "../../api/courses.ts";
import { dress, readTree, show } from "./editor-dom.ts";
import { LinkPanel, PicturePanel } from "./editor-panels.tsx";
import { command, type Command, useEditing } from "./use-editing.ts";

interface Tool {
  readonly label: string;
  readonly glyph: string;
  readonly look?: string;
  readonly command: Command;
  readonly value?: string;
}
const TOOLS: readonly Tool[] = [
  { label: "Paragraph", glyph: "¶", command: "formatBlock", value: "p" },
  { label: "Heading", glyph: "H2", command: "formatBlock", value: "h2" },
  { label: "Smaller heading", glyph: "H3", command: "formatBlock", value: "h3" },
  { label: "Bold", glyph: "B", look: "font-bold", command: "bold" },
  { label: "Italic", glyph: "I", look: "italic", command: "italic" },
  { label: "List", glyph: "•", command: "insertUnorderedList" },
  { label: "Numbered list", glyph: "1.", command: "insertOrderedList" },
  { label: "Quotation", glyph: "“”", command: "formatBlock", value: "blockquote" },
  { label: "Code", glyph: "{ }", look: "font-mono", command: "formatBlock", value: "pre" },
  { label: "Undo", glyph: "↶", command: "undo" },
  { label: "Redo", glyph: "↷", command: "redo" },
];
const tool = "min-h-11 min-w-11 rounded-sm border border-line bg-surface px-2 hover:bg-sunken";

/** The tree that a draft was kept as; what is no tree is none. */
export function treeOf(draft: string): readonly RichNode[] {
  try {
    return richNodes(JSON.parse(draft));
  } catch {
    return [];
  }
}

/**
 * Edits rich text in place. `value` is the tree as JSON: what is kept as a draft. It is read once; give another `key` to
 * show another text.
 */
export function RichEditor({
  label,
  help,
  errors,
  courseId,
  value,
  hidden,
  onChange,
}: {
  label: string;
  help: string;
  errors: readonly string[];
  courseId: string;
  value: string;
  hidden: boolean;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const editor = useRef<HTMLDivElement>(null);
  const first = useRef(value);
  const [panel, setPanel] = useState<"link" | "picture" | undefined>(undefined);
  const [file, setFile] = useState<File | undefined>(undefined);
  const { run, isInLink, hasSelection } = useEditing(editor);
  const pictures = picturesOf(courseId);

  useEffect(() => {
    const element = editor.current;
    if (element === null || element.childNodes.length > 0) return;
    show(treeOf(first.current), element);
    command("defaultParagraphSeparator", "p");
  }, []);

  const changed = (): void => {
    if (editor.current === null) return;
    dress(editor.current);
    onChange(JSON.stringify(readTree(editor.current, pictures)));
  };
  const act = (name: Command, given?: string): void => {
    run(name, given);
    changed();
  };
  /** Text alone: what other pages look like is no part of a lesson. A picture that is pasted is sent as one. */
  const take = (event: ClipboardEvent | DragEvent, data: DataTransfer): void => {
    event.preventDefault();
    const picture = [...data.files].find(({ type }) => type.startsWith("image/"));
    if (picture !== undefined) {
      setFile(picture);
      setPanel("picture");
      return;
    }
    const text = data.getData("text/plain");
    if (text !== "") act("insertText", text);
  };
  const close = (): void => {
    setPanel(undefined);
    setFile(undefined);
    editor.current?.focus();
  };
  const addPicture = (src: string, alt: string): void => {
    run("insertImage", src);
    const added = [...(editor.current?.querySelectorAll("img") ?? [])].filter(
      (image) => image.getAttribute("src") === src,
    );
    for (const image of added) image.setAttribute("alt", alt);
    changed();
    setPanel(undefined);
    setFile(undefined);
  };

  return (
    <div hidden={hidden}>
      <span id={`${id}-label`} className="font-medium">
        {label}
      </span>
      {errors.map((error) => (
        <p key={error} id={`${id}-errors`} className="text-sm text-fail">
          × {error}
        </p>
      ))}
      <div className="mt-1 rounded-sm border border-line-strong bg-surface focus-within:border-accent">
        <div
          role="group"
          aria-label="Formatting"
          className="flex flex-wrap gap-1 rounded-t-sm border-b border-line bg-sunken p-1"
        >
          {TOOLS.map(({ label: name, glyph, look = "", command: does, value: given }) => (
            <button
              key={name}
              type="button"
              aria-label={name}
              title={name}
              className={`${tool} ${look}`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => act(does, given)}
            >
              <span aria-hidden="true">{glyph}</span>
            </button>
          ))}
          <button
            type="button"
            className={`${tool} px-3`}
            aria-expanded={panel === "link"}
            onClick={() => (isInLink() ? act("unlink") : setPanel("link"))}
          >
            Link
          </button>
          <button
            type="button"
            className={`${tool} px-3`}
            aria-expanded={panel === "picture"}
            onClick={() => setPanel("picture")}
          >
            Picture
          </button>
        </div>
        {panel === "link" ? (
          <LinkPanel
            needsText={!hasSelection()}
            onClose={close}
            onLink={(href, text) => {
              if (text === "") run("createLink", href);
              else linkTo(run, href, text);
              changed();
              setPanel(undefined);
            }}
          />
        ) : null}
        {panel === "picture" ? (
          <PicturePanel courseId={courseId} file={file} onClose={close} onPicture={addPicture} />
        ) : null}
        {/* No children of React's: the browser makes them, while somebody writes. */}
        <div
          ref={editor}
          role="textbox"
          aria-multiline="true"
          aria-labelledby={`${id}-label`}
          aria-describedby={errors.length > 0 ? `${id}-errors ${id}-help` : `${id}-help`}
          aria-invalid={errors.length > 0 || undefined}
          tabIndex={0}
          contentEditable
          suppressContentEditableWarning
          spellCheck
          className="min-h-64 space-y-4 rounded-b-sm p-4 break-words"
          onInput={changed}
          onPaste={(event) => take(event, event.clipboardData)}
          onDrop={(event) => take(event, event.dataTransfer)}
        />
      </div>
      <p id={`${id}-help`} className="mt-1 text-sm text-muted">
        {help}
      </p>
    </div>
  );
}

/** Writes the text first and marks it, so that there is something that can be a link. */
function linkTo(run: (name: Command, value?: string) => void, href: string, text: string): void {
  run("insertText", text);
  const selection = document.getSelection();
  for (let place = 0; place < [...text].length; place++) selection?.modify("extend", "backward", "character");
  command("createLink", href);
  selection?.collapseToEnd();
}
