/** Draws rich text from its tree. Text goes in as text, and elements are made of names that are written here. */
import { Fragment, type ReactNode } from "react";
import type { RichElement, RichNode } from "../../api/courses.ts";

/** A lesson does not change while it is read, so a place in the list is a stable key. */
const drawn = (nodes: readonly RichNode[]): ReactNode =>
  nodes.map((node, place) => (
    <Fragment key={place}>{typeof node === "string" ? node : <Element node={node} />}</Fragment>
  ));

export const RichText = ({ content }: { content: readonly RichNode[] }) => (
  <div className="space-y-4 break-words">{drawn(content)}</div>
);

/** What may stand between the parts of a table: white space there is no element's child. */
const parts = (nodes: readonly RichNode[]): readonly RichNode[] =>
  nodes.filter((node) => typeof node !== "string" || node.trim() !== "");

function Element({ node }: { node: RichElement }) {
  const { tag, children } = node;
  switch (tag) {
    case "p":
      return <p>{drawn(children)}</p>;
    case "h2":
      return <h2 className="pt-6 text-xl font-semibold">{drawn(children)}</h2>;
    case "h3":
      return <h3 className="pt-3 text-lg font-semibold">{drawn(children)}</h3>;
    case "h4":
      return <h4 className="pt-2 font-semibold">{drawn(children)}</h4>;
    case "ul":
      return <ul className="list-disc space-y-1.5 pl-6">{drawn(parts(children))}</ul>;
    case "ol":
      return <ol className="list-decimal space-y-1.5 pl-6">{drawn(parts(children))}</ol>;
    case "li":
      return <li className="pl-1">{drawn(children)}</li>;
    case "blockquote":
      return (
        <blockquote className="space-y-4 border-l-4 border-line pl-4 text-muted">
          {drawn(children)}
        </blockquote>
      );
    case "pre":
      // Scrolls sideways on a phone, so the keyboard must be able to reach it.
      return (
        <pre
          tabIndex={0}
          role="group"
          aria-label="Code"
          className="overflow-x-auto rounded-lg border border-line bg-sunken p-4 font-mono text-sm"
        >
          {drawn(children)}
        </pre>
      );
    case "code":
    case "kbd":
      return (
        <code className="rounded-sm bg-sunken px-1 py-0.5 font-mono text-[0.875em]">{drawn(children)}</code>
      );
    case "strong":
      return <strong className="font-semibold">{drawn(children)}</strong>;
    case "em":
      return <em>{drawn(children)}</em>;
    case "u":
      return <u>{drawn(children)}</u>;
    case "s":
      return <s>{drawn(children)}</s>;
    case "sub":
      return <sub>{drawn(children)}</sub>;
    case "sup":
      return <sup>{drawn(children)}</sup>;
    case "mark":
      return <mark className="bg-warn-soft text-text">{drawn(children)}</mark>;
    case "a":
      return (
        <a
          href={node.href}
          rel="nofollow noopener noreferrer"
          className="text-accent underline underline-offset-4"
        >
          {drawn(children)}
        </a>
      );
    case "img":
      return (
        <img
          src={node.src}
          alt={node.alt ?? ""}
          loading="lazy"
          className="my-2 inline-block h-auto max-w-full rounded-sm border border-line"
        />
      );
    case "figure":
      return <figure className="space-y-2">{drawn(children)}</figure>;
    case "figcaption":
      return <figcaption className="text-sm text-muted">{drawn(children)}</figcaption>;
    case "br":
      return <br />;
    case "hr":
      return <hr className="border-line" />;
    case "dl":
      return <dl className="space-y-1">{drawn(parts(children))}</dl>;
    case "dt":
      return <dt className="font-medium">{drawn(children)}</dt>;
    case "dd":
      return <dd className="pl-6">{drawn(children)}</dd>;
    default:
      return <TablePart node={node} />;
  }
}

function TablePart({ node: { tag, children, colspan, rowspan } }: { node: RichElement }) {
  switch (tag) {
    case "table":
      return (
        <div
          tabIndex={0}
          role="group"
          aria-label="Table"
          className="overflow-x-auto rounded-lg border border-line"
        >
          <table className="w-full border-collapse text-left">{drawn(parts(children))}</table>
        </div>
      );
    case "caption":
      return <caption className="p-2 text-sm text-muted">{drawn(children)}</caption>;
    case "thead":
      return <thead className="bg-sunken">{drawn(parts(children))}</thead>;
    case "tbody":
      return <tbody className="divide-y divide-line">{drawn(parts(children))}</tbody>;
    case "tr":
      return <tr>{drawn(parts(children))}</tr>;
    case "th":
      return (
        <th colSpan={colspan} rowSpan={rowspan} className="px-4 py-2 align-top font-semibold">
          {drawn(children)}
        </th>
      );
    case "td":
      return (
        <td colSpan={colspan} rowSpan={rowspan} className="px-4 py-2 align-top">
          {drawn(children)}
        </td>
      );
    default:
      return <>{drawn(children)}</>;
  }
}
