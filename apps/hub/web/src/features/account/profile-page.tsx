import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Profile, saveProfile } from "../../api/account.ts";
import { profileQuery, sessionQuery } from "../../api/queries.ts";
import { Form, TextArea, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { useDraft } from "./draft.ts";

const ABOUT_LIMIT = 2000;

export function ProfilePage() {
  const { data, error, refetch } = useQuery(profileQuery);
  return (
    <Page title="Profile" lead="How others in the hub see you.">
      {data !== undefined ? (
        <ProfileForm profile={data} />
      ) : error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Loading label="your profile">
          <Skeleton className="h-96 w-full" />
        </Loading>
      )}
    </Page>
  );
}

function ProfileForm({ profile }: { profile: Profile }) {
  const client = useQueryClient();
  const [name, setName, forgetName] = useDraft("profile-name", profile.display_name);
  const [about, setAbout, forgetAbout] = useDraft("profile-about", profile.about_me);
  const [saved, setSaved] = useState(false);
  const form = useForm(async () => {
    setSaved(false);
    const fresh = await saveProfile({ display_name: name, about_me: about });
    client.setQueryData(profileQuery.queryKey, fresh);
    forgetName();
    forgetAbout();
    setSaved(true);
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  });
  return (
    <div className="space-y-6">
      {saved ? <Notice tone="pass">Your profile is saved.</Notice> : null}
      <Card>
        <Form
          state={form}
          action="Save profile"
          labels={{ display_name: "Display name", about_me: "About me" }}
        >
          <TextField
            label="Display name"
            name="display_name"
            autoComplete="name"
            maxLength={100}
            errors={form.errorsOf("display_name")}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <TextArea
            label="About me"
            name="about_me"
            maxLength={ABOUT_LIMIT}
            aside={
              <span className="text-sm text-muted tabular-nums">
                {about.length} of {ABOUT_LIMIT}
              </span>
            }
            errors={form.errorsOf("about_me")}
            value={about}
            onChange={(event) => setAbout(event.target.value)}
          />
        </Form>
      </Card>
      <Card>
        <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-[auto_1fr]">
          <dt className="text-muted">User name</dt>
          <dd>{profile.username}</dd>
          <dt className="text-muted">E-mail</dt>
          <dd className="break-all">{profile.email ?? "none"}</dd>
          <dt className="text-muted">Roles</dt>
          <dd>{profile.roles.join(", ")}</dd>
          <dt className="text-muted">Account made</dt>
          <dd>
            <Time at={profile.created_at} />
          </dd>
        </dl>
      </Card>
    </div>
  );
}
