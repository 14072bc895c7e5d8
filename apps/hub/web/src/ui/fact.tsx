import type { ReactNode } from "react";

/** One line of a list of facts: beside its label where there is room, under it where there is none. */
export const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <>
    <dt className="text-muted max-sm:mt-2">{label}</dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </>
);
