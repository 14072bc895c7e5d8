/** A lesson as data: what the web UI draws. There is no HTML in it, so there is none to sanitise. */
export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "strong" | "em"; readonly children: readonly Inline[] }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "link"; readonly href: string; readonly children: readonly Inline[] };

export type Tone = "remember" | "try" | "watch";

export type Block =
  | {
      readonly type: "heading";
      readonly depth: 2 | 3;
      readonly id: string;
      readonly children: readonly Inline[];
    }
  | { readonly type: "paragraph"; readonly children: readonly Inline[] }
  | { readonly type: "list"; readonly ordered: boolean; readonly items: readonly (readonly Block[])[] }
  | { readonly type: "code"; readonly language: string | null; readonly text: string }
  | { readonly type: "callout"; readonly tone: Tone; readonly children: readonly Block[] }
  | { readonly type: "quote"; readonly children: readonly Block[] }
  | {
      readonly type: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly type: "divider" };

export interface ParsedLesson {
  readonly title: string;
  readonly summary: string;
  readonly words: number;
  readonly blocks: readonly Block[];
}
