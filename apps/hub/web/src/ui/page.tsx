import { type ReactNode, useEffect, useRef } from "react";

/** A page's frame: its title in the tab and as the one h1, which takes the focus so that screen readers hear it. */
export function Page({
  title,
  lead,
  wide = false,
  takesFocus = true,
  children,
}: {
  title: string;
  lead?: ReactNode;
  wide?: boolean;
  /** False where a field takes it, because the only thing to do here is to fill that field. */
  takesFocus?: boolean;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Gammons Landing`;
    // Not at the first load: the browser reads the page from its beginning then.
    if (takesFocus && document.body.dataset["visited"] === "yes")
      heading.current?.focus({ preventScroll: true });
    document.body.dataset["visited"] = "yes";
  }, [title, takesFocus]);
  return (
    <div className={wide ? "" : "mx-auto max-w-2xl"}>
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold">
        {title}
      </h1>
      {lead === undefined ? null : <div className="mt-2 max-w-2xl text-lg text-muted">{lead}</div>}
      <div className="mt-8">{children}</div>
    </div>
  );
}

/** A part of a page under its own h2, with an address of its own. */
export function Section({
  id,
  title,
  lead,
  children,
}: {
  id: string;
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section id={id} className="scroll-mt-8">
      <h2 className="text-xl font-semibold">{title}</h2>
      {lead === undefined ? null : <div className="mt-1 text-muted">{lead}</div>}
      <div className="mt-4 space-y-4">{children}</div>
    </section>
  );
}

export const Card = ({ children, className = "" }: { children: ReactNode; className?: string }) => (
  <div className={`rounded-lg border border-line bg-surface p-5 shadow-card sm:p-6 ${className}`}>
    {children}
  </div>
);
