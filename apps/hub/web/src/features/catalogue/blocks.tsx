/** Draws a lesson's blocks. Text goes in as text: there is no markup to sanitise and no place to inject any. */
import { Fragment, type ReactNode } from "react";
import type { Block, Inline } from "../../api/content.ts";

/** Lessons never change while they are read, so a place in the list is a stable key. */
const keyed = <T,>(items: readonly T[], draw: (item: T) => ReactNode): ReactNode[] =>
  items.map((item, place) => <Fragment key={place}>{draw(item)}</Fragment>);

export const plainText = (inlines: readonly Inline[]): string =>
  inlines.map((inline) => ("text" in inline ? inline.text : plainText(inline.children))).join("");

function Inlines({ inlines }: { inlines: readonly Inline[] }) {
  return keyed(inlines, (inline) => {
    switch (inline.type) {
      case "text":
        return inline.text;
      case "code":
        return (
          <code className="rounded-sm bg-sunken px-1 py-0.5 font-mono text-[0.875em] break-words">
            {inline.text}
          </code>
        );
      case "strong":
        return (
          <strong className="font-semibold">
            <Inlines inlines={inline.children} />
          </strong>
        );
      case "em":
        return (
          <em>
            <Inlines inlines={inline.children} />
          </em>
        );
      case "link":
        return (
          <a
            href={inline.href}
            rel="noopener noreferrer"
            className="text-accent underline underline-offset-4"
          >
            <Inlines inlines={inline.children} />
          </a>
        );
    }
  });
}

const tones = {
  remember: { name: "Remember", look: "border-accent bg-accent-soft" },
  try: { name: "Try it", look: "border-pass bg-pass-soft" },
  watch: { name: "Watch out", look: "border-warn bg-warn-soft" },
} as const;

export const Blocks = ({ blocks }: { blocks: readonly Block[] }) => (
  <div className="space-y-4">
    {keyed(blocks, (block) => (
      <OneBlock block={block} />
    ))}
  </div>
);

function OneBlock({ block }: { block: Block }) {
  switch (block.type) {
    case "heading":
      return block.depth === 2 ? (
        <h2 id={block.id} className="pt-6 text-xl font-semibold">
          <Inlines inlines={block.children} />
        </h2>
      ) : (
        <h3 id={block.id} className="pt-3 text-lg font-semibold">
          <Inlines inlines={block.children} />
        </h3>
      );
    case "paragraph":
      return (
        <p>
          <Inlines inlines={block.children} />
        </p>
      );
    case "list": {
      const items = keyed(block.items, (item) => (
        <li className="pl-1">
          <Blocks blocks={item} />
        </li>
      ));
      return block.ordered ? (
        <ol className="list-decimal space-y-1.5 pl-6">{items}</ol>
      ) : (
        <ul className="list-disc space-y-1.5 pl-6">{items}</ul>
      );
    }
    case "code":
      // Scrolls sideways on a phone, so the keyboard must be able to reach it.
      return (
        <pre
          tabIndex={0}
          aria-label={block.language === null ? "Code" : `Code, ${block.language}`}
          role="group"
          className="overflow-x-auto rounded-lg border border-line bg-sunken p-4 font-mono text-sm"
        >
          <code>{block.text}</code>
        </pre>
      );
    case "callout":
      return (
        <aside className={`rounded-sm border-l-4 p-4 ${tones[block.tone].look}`}>
          <p className="mb-1 font-semibold">{tones[block.tone].name}</p>
          <Blocks blocks={block.children} />
        </aside>
      );
    case "quote":
      return (
        <blockquote className="border-l-4 border-line pl-4 text-muted">
          <Blocks blocks={block.children} />
        </blockquote>
      );
    case "table":
      return <Table head={block.head} rows={block.rows} />;
    case "divider":
      return <hr className="border-line" />;
  }
}

function Table({
  head,
  rows,
}: {
  head: readonly (readonly Inline[])[];
  rows: readonly (readonly (readonly Inline[])[])[];
}) {
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={`Table: ${head.map(plainText).join(", ")}`}
      className="overflow-x-auto rounded-lg border border-line"
    >
      <table className="w-full border-collapse text-left">
        <thead className="bg-sunken">
          <tr>
            {keyed(head, (cell) => (
              <th scope="col" className="px-4 py-2 font-semibold">
                <Inlines inlines={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {keyed(rows, (row) => (
            <tr>
              {keyed(row, (cell) => (
                <td className="px-4 py-2 align-top">
                  <Inlines inlines={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
