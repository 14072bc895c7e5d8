import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import {
  BODY_LENGTH,
  LESSONS_LIMIT,
  type NodeText,
  SUMMARY_LENGTH,
  TITLE_LENGTH,
} from "../../api/knowledge.ts";
import { list, object, text as textOf } from "../../api/parse.ts";
import { courseQuery, coursesQuery } from "../../api/queries.ts";
import { Form, type FormState, TextArea, TextField } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { useDraft } from "../account/draft.ts";

const lessonKeys = list(object({ course: textOf, lesson: textOf }));
type LessonKeys = ReturnType<typeof lessonKeys>;

const labels = { title: "Title", summary: "Summary", body: "Text", lessons: "Lessons" };

/** What was typed is kept until it is saved: through a failure, a reload, and a session that ends. */
export function NodeForm({
  name,
  initial,
  action,
  disabled = false,
  onTyped = () => undefined,
  useSaving,
}: {
  name: string;
  initial: NodeText;
  action: string;
  disabled?: boolean;
  onTyped?: () => void;
  /** A hook: how it is saved. */
  useSaving: (text: () => NodeText, forget: () => void) => FormState;
}) {
  const [title, setTitle, forgetTitle] = useDraft(`${name}-title`, initial.title);
  const [summary, setSummary, forgetSummary] = useDraft(`${name}-summary`, initial.summary);
  const [body, setBody, forgetBody] = useDraft(`${name}-body`, initial.body);
  const [keys, setKeys, forgetKeys] = useDraft(
    `${name}-lessons`,
    JSON.stringify(initial.lessons.map(({ course, lesson }) => ({ course, lesson }))),
  );
  const lessons = useMemo(() => lessonKeys(JSON.parse(keys)), [keys]);
  const form = useSaving(
    () => ({ title, summary, body, lessons }),
    () => {
      for (const forget of [forgetTitle, forgetSummary, forgetBody, forgetKeys]) forget();
    },
  );
  return (
    <Card>
      <Form state={form} action={action} disabled={disabled} labels={labels}>
        <TextField
          label="Title"
          name="title"
          help="What it is called, in a word or two."
          autoComplete="off"
          maxLength={TITLE_LENGTH}
          errors={form.errorsOf("title")}
          value={title}
          onChange={(event) => {
            onTyped();
            setTitle(event.target.value);
          }}
        />
        <TextArea
          label="Summary"
          name="summary"
          rows={2}
          help="One sentence that says what it is."
          maxLength={SUMMARY_LENGTH}
          errors={form.errorsOf("summary")}
          value={summary}
          onChange={(event) => {
            onTyped();
            setSummary(event.target.value);
          }}
        />
        <TextArea
          label="Text"
          name="body"
          rows={10}
          help="Plain text. An empty line begins a paragraph."
          maxLength={BODY_LENGTH}
          errors={form.errorsOf("body")}
          value={body}
          onChange={(event) => {
            onTyped();
            setBody(event.target.value);
          }}
        />
        <LessonChoice
          lessons={lessons}
          errors={form.errorsOf("lessons")}
          onChange={(chosen) => {
            onTyped();
            setKeys(JSON.stringify(chosen));
          }}
        />
      </Form>
    </Card>
  );
}

function LessonChoice({
  lessons,
  errors,
  onChange,
}: {
  lessons: LessonKeys;
  errors: readonly string[];
  onChange: (lessons: LessonKeys) => void;
}) {
  const courses = useQuery(coursesQuery).data?.items ?? [];
  const whole = useQueries({ queries: courses.map(({ slug }) => courseQuery(slug)) });
  const isFull = lessons.length >= LESSONS_LIMIT;
  return (
    <fieldset className="space-y-3">
      <legend className="font-medium">Lessons that speak of it</legend>
      <p role="status" className="text-sm text-muted">
        {lessons.length} of {LESSONS_LIMIT} chosen
      </p>
      {errors.map((error) => (
        <p key={error} className="text-sm text-fail">
          × {error}
        </p>
      ))}
      {whole.map(({ data: course }) =>
        course === undefined ? null : (
          <details
            key={course.slug}
            open={lessons.some((one) => one.course === course.slug)}
            className="rounded-sm border border-line"
          >
            <summary className="min-h-11 cursor-pointer px-3 py-2.5">{course.title}</summary>
            <ul className="border-t border-line px-3 py-1">
              {course.lessons.map(({ slug, title }) => {
                const chosen = lessons.some((one) => one.course === course.slug && one.lesson === slug);
                return (
                  <li key={slug}>
                    <label className="flex min-h-11 items-center gap-3">
                      <input
                        type="checkbox"
                        className="size-5 shrink-0 accent-accent"
                        checked={chosen}
                        disabled={!chosen && isFull}
                        onChange={() =>
                          onChange(
                            chosen
                              ? lessons.filter((one) => one.course !== course.slug || one.lesson !== slug)
                              : [...lessons, { course: course.slug, lesson: slug }],
                          )
                        }
                      />
                      {title}
                    </label>
                  </li>
                );
              })}
            </ul>
          </details>
        ),
      )}
    </fieldset>
  );
}
