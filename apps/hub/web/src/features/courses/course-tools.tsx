/** What authors do with a course: publish, rename, order, delete. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  changeCourse,
  deleteCourse,
  type PublishState,
  SUMMARY_LENGTH,
  type TenantCourse,
  tenantCourseQuery,
  tenantCoursesKey,
  TITLE_LENGTH,
} from "../../api/courses.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { flash } from "../../ui/flash.tsx";
import { Form, TextArea, TextField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { useDraft } from "../account/draft.ts";
import { StateBadge } from "./parts.tsx";

/** What the server says of a change is shown at once; what it refuses is looked at anew. */
function useChange({ id, version }: TenantCourse) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (changes: { state?: PublishState; lessons?: readonly string[] }) =>
      changeCourse(id, { version, ...changes }),
    onSuccess: (fresh) => client.setQueryData(tenantCourseQuery(id).queryKey, fresh),
    onError: (error) => flash({ tone: "warn", text: error.message }),
    onSettled: () => client.invalidateQueries({ queryKey: tenantCoursesKey }),
  });
}

export function MoveButtons({ course, place }: { course: TenantCourse; place: number }) {
  const { mutate, isPending } = useChange(course);
  const ids = course.lessons.map(({ id }) => id);
  const title = course.lessons[place]?.title ?? "";
  const swap = (other: number): void => {
    const [one, two] = [ids[place], ids[other]];
    if (one === undefined || two === undefined || isPending) return;
    mutate({ lessons: ids.with(place, two).with(other, one) });
  };
  const look = "grid size-11 place-items-center rounded-sm border border-line bg-surface disabled:opacity-40";
  // Not disabled while it is sent: the focus would be lost.
  return (
    <>
      <button
        type="button"
        className={look}
        aria-label={`Move “${title}” up`}
        disabled={place === 0}
        onClick={() => swap(place - 1)}
      >
        <span aria-hidden="true">↑</span>
      </button>
      <button
        type="button"
        className={look}
        aria-label={`Move “${title}” down`}
        disabled={place === ids.length - 1}
        onClick={() => swap(place + 1)}
      >
        <span aria-hidden="true">↓</span>
      </button>
    </>
  );
}

export function CourseTools({ course }: { course: TenantCourse }) {
  const { mutate, isPending } = useChange(course);
  const [deletes, setDeletes] = useState(false);
  const client = useQueryClient();
  const navigate = useNavigate();
  const removal = useMutation({
    mutationFn: () => deleteCourse(course.id),
    onSuccess: async () => {
      flash({ tone: "pass", text: `“${course.title}” is deleted.` });
      client.removeQueries({ queryKey: tenantCoursesKey, type: "inactive" }); // no list shows it again
      await navigate({ to: "/tenant/courses" });
      client.removeQueries({ queryKey: tenantCourseQuery(course.id).queryKey });
      await client.invalidateQueries({ queryKey: tenantCoursesKey });
    },
    onError: (error) => {
      setDeletes(false);
      flash({ tone: "warn", text: error.message });
    },
  });
  const isPublished = course.state === "published";
  return (
    <div className="mt-10 space-y-8">
      <Section id="state" title="For authors">
        <div className="flex flex-wrap items-center gap-3">
          <StateBadge state={course.state} />
          <span className="text-muted">
            {isPublished ? "Members read its published lessons." : "Only authors see this course."}
          </span>
        </div>
        <div className="flex flex-wrap gap-3">
          <ButtonLink to="/tenant/courses/$course/lessons/new" params={{ course: course.id }}>
            Write a lesson
          </ButtonLink>
          <Button
            look="quiet"
            busy={isPending}
            onClick={() => mutate({ state: isPublished ? "draft" : "published" })}
          >
            {isPublished ? "Take the course back" : "Publish the course"}
          </Button>
          <Button look="danger" onClick={() => setDeletes(true)}>
            Delete the course
          </Button>
        </div>
      </Section>
      <Details course={course} />
      <Confirm
        open={deletes}
        title={`Delete “${course.title}”?`}
        action="Delete for ever"
        busy={removal.isPending}
        onConfirm={() => removal.mutate()}
        onClose={() => setDeletes(false)}
      >
        All its lessons go with it, and nobody can bring them back. Pictures stay among the files of whoever
        sent them.
      </Confirm>
    </div>
  );
}

function Details({ course }: { course: TenantCourse }) {
  const client = useQueryClient();
  const [title, setTitle, forgetTitle] = useDraft(`course-${course.id}-title`, course.title);
  const [summary, setSummary, forgetSummary] = useDraft(`course-${course.id}-summary`, course.summary);
  const [saved, setSaved] = useState(false);
  const form = useForm(async () => {
    setSaved(false);
    const fresh = await changeCourse(course.id, { version: course.version, title, summary });
    client.setQueryData(tenantCourseQuery(course.id).queryKey, fresh);
    forgetTitle();
    forgetSummary();
    setSaved(true);
    await client.invalidateQueries({ queryKey: tenantCoursesKey });
  });
  return (
    <Section id="details" title="Title and summary">
      {saved ? <Notice tone="pass">Saved.</Notice> : null}
      <Card>
        <Form state={form} action="Save" labels={{ title: "Title", summary: "Summary" }}>
          <TextField
            label="Title"
            autoComplete="off"
            maxLength={TITLE_LENGTH}
            errors={form.errorsOf("title")}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
          <TextArea
            label="Summary"
            rows={2}
            maxLength={SUMMARY_LENGTH}
            errors={form.errorsOf("summary")}
            value={summary}
            onChange={(event) => setSummary(event.target.value)}
          />
        </Form>
      </Card>
    </Section>
  );
}
