import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createCourse, SUMMARY_LENGTH, tenantCoursesKey, TITLE_LENGTH } from "../../api/courses.ts";
import type { Membership } from "../../api/tenant.ts";
import { Form, TextArea, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { useDraft } from "../account/draft.ts";
import { InTenant } from "../tenant/in-tenant.tsx";
import { ForAuthors, Trail } from "./parts.tsx";

export const NewCoursePage = () => (
  <>
    <Trail />
    <Page title="A new course" lead="Members see it when you publish it.">
      <InTenant>
        {(tenant) => (
          <ForAuthors tenant={tenant}>
            <NewCourse tenant={tenant} />
          </ForAuthors>
        )}
      </InTenant>
    </Page>
  </>
);

function NewCourse({ tenant }: { tenant: Membership }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [title, setTitle, forgetTitle] = useDraft(`course-new-${tenant.id}-title`, "");
  const [summary, setSummary, forgetSummary] = useDraft(`course-new-${tenant.id}-summary`, "");
  const form = useForm(async () => {
    const { id } = await createCourse({ title, summary });
    forgetTitle();
    forgetSummary();
    await client.invalidateQueries({ queryKey: tenantCoursesKey });
    await navigate({ to: "/tenant/courses/$course", params: { course: id } });
  });
  return (
    <Card>
      <Form state={form} action="Make the course" labels={{ title: "Title", summary: "Summary" }}>
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
          help="One sentence that says what one learns."
          rows={2}
          maxLength={SUMMARY_LENGTH}
          errors={form.errorsOf("summary")}
          value={summary}
          onChange={(event) => setSummary(event.target.value)}
        />
      </Form>
    </Card>
  );
}
