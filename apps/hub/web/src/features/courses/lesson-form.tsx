import { useState } from "react";
import { previewLesson, type RichNode, TITLE_LENGTH } from "../../api/courses.ts";
import { Button } from "../../ui/button.tsx";
import { Form, type FormState, TextField } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { Empty, ErrorState } from "../../ui/states.tsx";
import { useDraft } from "../account/draft.ts";
import { htmlOf } from "./editor-dom.ts";
import { RichEditor, treeOf } from "./editor.tsx";
import { RichText } from "./rich-text.tsx";

/** What was typed is kept until it is saved: through a failure, a reload, and a session that ends. */
export function LessonForm({
  name,
  courseId,
  initial,
  disabled = false,
  onTyped = () => undefined,
  useSaving,
}: {
  name: string;
  courseId: string;
  initial: { readonly title: string; readonly content: readonly RichNode[] };
  disabled?: boolean;
  onTyped?: () => void;
  /** A hook: how it is saved. */
  useSaving: (text: () => { title: string; body: string }, forget: () => void) => FormState;
}) {
  const [title, setTitle, forgetTitle] = useDraft(`${name}-title`, initial.title);
  const [tree, setTree, forgetTree] = useDraft(`${name}-body`, JSON.stringify(initial.content));
  const [shown, setShown] = useState<{ content: readonly RichNode[] } | { error: unknown } | undefined>(
    undefined,
  );
  const [asks, setAsks] = useState(false);
  const body = (): string => htmlOf(treeOf(tree));
  const form = useSaving(
    () => ({ title, body: body() }),
    () => {
      forgetTitle();
      forgetTree();
    },
  );
  /** As the server would store it, and nothing else: a preview of one's own making would promise too much. */
  const preview = async (): Promise<void> => {
    setAsks(true);
    try {
      setShown({ content: await previewLesson(courseId, body()) });
    } catch (error) {
      setShown({ error });
    }
    setAsks(false);
  };
  return (
    <Card>
      <Form
        state={form}
        action="Save the lesson"
        disabled={disabled}
        labels={{ title: "Title", body: "Text" }}
        aside={
          shown === undefined ? (
            <Button look="quiet" busy={asks} onClick={() => void preview()}>
              Preview
            </Button>
          ) : (
            <Button look="quiet" onClick={() => setShown(undefined)}>
              Write on
            </Button>
          )
        }
      >
        <TextField
          label="Title"
          name="title"
          autoComplete="off"
          maxLength={TITLE_LENGTH}
          errors={form.errorsOf("title")}
          value={title}
          onChange={(event) => {
            onTyped();
            setTitle(event.target.value);
          }}
        />
        <RichEditor
          label="Text"
          help="What is pasted comes as plain text. A picture can be pasted or dropped, too."
          errors={form.errorsOf("body")}
          courseId={courseId}
          value={tree}
          hidden={shown !== undefined}
          onChange={(next) => {
            onTyped();
            setTree(next);
          }}
        />
        {shown === undefined ? null : (
          <section aria-label="As readers see it" className="rounded-sm border border-line p-4">
            <p role="status" className="mb-4 text-sm text-muted">
              As readers see it
            </p>
            {"error" in shown ? (
              <ErrorState error={shown.error} />
            ) : shown.content.length === 0 ? (
              <Empty title="Nothing is written here yet">Write on to begin.</Empty>
            ) : (
              <RichText content={shown.content} />
            )}
          </section>
        )}
      </Form>
    </Card>
  );
}
