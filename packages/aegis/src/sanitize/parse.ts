/**
 * Markup as browsers would build it (parse5 follows the HTML standard), within bounds: the standard's repairs make
 * millions of elements out of a few hundred bytes, walk the open ones again for each new one, and compare each
 * attribute's name with those before it.
 */
import { type DefaultTreeAdapterTypes, defaultTreeAdapter, html, Parser, Tokenizer } from "parse5";

export type Node = DefaultTreeAdapterTypes.ChildNode;
export type Element = DefaultTreeAdapterTypes.Element;

export interface ParseBounds {
  readonly htmlMaxLength: number;
  readonly htmlMaxDepth: number;
  readonly htmlNodeLimit: number;
}

export type TooMuch = "too_long" | "too_deep" | "too_many_elements" | "too_many_attributes";

class TooMuchError extends Error {
  readonly reason: TooMuch;
  constructor(reason: TooMuch) {
    super(reason);
    this.reason = reason;
  }
}

/** Of one element. No element that may stay has more than five. */
const MOST_ATTRIBUTES = 100;
/** The stand-ins around a fragment: a document, its root and the block that the text is the content of. */
const OWN_ELEMENTS = 3;

class BoundedTokenizer extends Tokenizer {
  // oxlint-disable-next-line no-underscore-dangle -- the library names its steps so
  protected override _createAttr(first: string): void {
    const token = this.currentToken;
    if (token !== null && "attrs" in token && token.attrs.length >= MOST_ATTRIBUTES)
      throw new TooMuchError("too_many_attributes");
    // oxlint-disable-next-line no-underscore-dangle -- as above
    super._createAttr(first);
  }
}

export function parseMarkup(
  text: string,
  bounds: ParseBounds,
): { readonly nodes: readonly Node[] } | { readonly refused: TooMuch } {
  if (text.length > bounds.htmlMaxLength) return { refused: "too_long" };
  let elements = -OWN_ELEMENTS;
  const treeAdapter: typeof defaultTreeAdapter = {
    ...defaultTreeAdapter,
    createElement: (tagName, namespace, attributes) => {
      elements += 1;
      if (elements > bounds.htmlNodeLimit) throw new TooMuchError("too_many_elements");
      if (elements > 0 && parser.openElements.stackTop > bounds.htmlMaxDepth)
        throw new TooMuchError("too_deep");
      return defaultTreeAdapter.createElement(tagName, namespace, attributes);
    },
  };
  // As the content of a block: parsed as the content of a template, a cell would need no table.
  const context = treeAdapter.createElement("div", html.NS.HTML, []);
  const parser = Parser.getFragmentParser(context, { treeAdapter });
  parser.tokenizer = new BoundedTokenizer(parser.options, parser);
  try {
    parser.tokenizer.write(text, true);
    return { nodes: parser.getFragment().childNodes };
  } catch (error) {
    if (error instanceof TooMuchError) return { refused: error.reason };
    throw error;
  }
}
