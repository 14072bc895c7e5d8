/** The commands of an editable element, and the place in it that they work on. */
import { type RefObject, useCallback, useEffect, useRef } from "react";

export type Command =
  | "bold"
  | "italic"
  | "strikeThrough"
  | "formatBlock"
  | "insertUnorderedList"
  | "insertOrderedList"
  | "insertText"
  | "createLink"
  | "unlink"
  | "insertImage"
  | "undo"
  | "redo"
  | "defaultParagraphSeparator"
  | "styleWithCSS";

export function command(name: Command, value?: string): boolean {
  // The one way to edit that every browser has and that can be undone. It makes elements, and is never given HTML.
  // oxlint-disable-next-line typescript/no-deprecated -- nothing has taken its place
  return document.execCommand(name, false, value);
}

/** A press on a button or a field beside it takes the focus away: the place is kept, and gone back to. */
export function useEditing(editor: RefObject<HTMLElement | null>) {
  const place = useRef<Range | undefined>(undefined);
  useEffect(() => {
    const keep = (): void => {
      const selection = document.getSelection();
      if (selection === null || selection.rangeCount === 0) return;
      const range = selection.getRangeAt(0);
      if (editor.current?.contains(range.commonAncestorContainer) === true)
        place.current = range.cloneRange();
    };
    document.addEventListener("selectionchange", keep);
    return () => document.removeEventListener("selectionchange", keep);
  }, [editor]);
  const run = useCallback(
    (name: Command, value?: string): void => {
      const element = editor.current;
      if (element === null) return;
      if (document.activeElement !== element) goBack(element, place.current);
      command("styleWithCSS", "false");
      if (REBUILDS.has(name)) keepingCaret(element, () => command(name, value));
      else command(name, value);
    },
    [editor],
  );
  const isInLink = (): boolean => {
    const node = place.current?.startContainer;
    return (node instanceof Element ? node : node?.parentElement)?.closest("a") != null;
  };
  const hasSelection = (): boolean => place.current?.collapsed === false;
  return { run, isInLink, hasSelection };
}

/** To the place that was left, or to the end. */
function goBack(element: HTMLElement, left: Range | undefined): void {
  const range = left?.cloneRange() ?? document.createRange(); // moving the focus moves the place: it is taken before
  if (left === undefined) {
    range.selectNodeContents(element);
    range.collapse(false);
  }
  element.focus();
  const selection = document.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

/** They make other elements of the same text. */
const REBUILDS = new Set<Command>(["formatBlock", "insertUnorderedList", "insertOrderedList"]);

/** Chromium leaves the caret before what has become a list: it goes back behind the letter that it stood behind. */
function keepingCaret(editor: HTMLElement, act: () => void): void {
  const selection = document.getSelection();
  const node = selection?.focusNode;
  const isBehindText = selection?.isCollapsed === true && node instanceof Text && selection.focusOffset > 0;
  const before = document.createRange();
  if (isBehindText) {
    before.setStart(editor, 0);
    before.setEnd(node, selection.focusOffset);
  }
  let letters = before.toString().length;
  act();
  if (!isBehindText) return;
  const texts = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text instanceof Text; text = texts.nextNode()) {
    if (letters <= text.length) return selection.collapse(text, letters);
    letters -= text.length;
  }
}
