import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ownTenantsQuery, saveSettings, type Settings, settingsQuery } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { duration } from "../../ui/time.tsx";
import { TenantPage } from "./tenant-page.tsx";

export const SettingsPage = () => <TenantPage title="Settings">{() => <Loaded />}</TenantPage>;

function Loaded() {
  const query = useQuery(settingsQuery);
  return (
    <Answer query={query} label="the settings" shape="h-64">
      {(settings) => <Settings settings={settings} />}
    </Answer>
  );
}

function Settings({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const [name, setName] = useState(settings.name);
  const [open, setOpen] = useState(settings.open_registration);
  const [saved, setSaved] = useState(false);
  const form = useForm(async () => {
    setSaved(false);
    const now = await saveSettings({
      ...(name === settings.name ? {} : { name }),
      open_registration: open,
    });
    setName(now.name);
    await client.invalidateQueries({ queryKey: settingsQuery.queryKey });
    await client.invalidateQueries({ queryKey: ownTenantsQuery.queryKey });
    setSaved(true);
  });
  return (
    <div className="space-y-6">
      {saved ? <Notice tone="pass">The settings are saved.</Notice> : null}
      <Card>
        <Form state={form} action="Save" labels={{ name: "Name", open_registration: "Registration" }}>
          <TextField
            label="Name"
            name="name"
            autoComplete="off"
            required
            maxLength={64}
            help="Shown to members and in invitations. No other tenant may have it."
            errors={form.errorsOf("name")}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <label className="flex min-h-11 items-start gap-3 py-2">
            <input
              type="checkbox"
              className="mt-0.5 size-5 shrink-0 accent-accent"
              checked={open}
              onChange={(event) => setOpen(event.target.checked)}
            />
            <span>
              Whoever registers may name this tenant
              <span className="block text-sm text-muted">
                They are learners here at once, without an invitation.
              </span>
            </span>
          </label>
        </Form>
      </Card>
      <p className="text-sm text-muted">
        Up to {settings.members_limit.toLocaleString("en")} members and{" "}
        {settings.open_invitations_limit.toLocaleString("en")} open invitations; an invitation can be accepted
        for {duration(settings.invitation_seconds)}. Whoever runs this hub sets these limits.
      </p>
    </div>
  );
}
