import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openTenant, ownTenantsQuery } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { flash } from "../../ui/flash.tsx";
import { Form, TextField, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";
import { useForgetTenant } from "./use-enter.ts";

export function OpenPage() {
  const query = useQuery(ownTenantsQuery);
  return (
    <Page title="New tenant" lead="A place of your own for the people that you work with. You are its owner.">
      <Answer query={query} label="the form" shape="h-48">
        {({ self_service: mayOpen }) =>
          mayOpen ? (
            <Card>
              <Open />
            </Card>
          ) : (
            <Empty title="Tenants are opened by an administrator here">
              Ask the person who runs this hub for one.
            </Empty>
          )
        }
      </Answer>
    </Page>
  );
}

function Open() {
  const navigate = useNavigate();
  const forget = useForgetTenant();
  const [name, setName] = useState("");
  const form = useForm(async () => {
    const tenant = await openTenant(name);
    await forget();
    flash({ tone: "pass", text: `${tenant.name} is open, and you work in it now.` });
    await navigate({ to: "/tenant/members" });
  });
  return (
    <Form state={form} action="Open the tenant" labels={{ name: "Name" }}>
      <TextField
        label="Name"
        name="name"
        autoComplete="organization"
        required
        maxLength={64}
        help="That of your school, company or class. You can change it later."
        errors={form.errorsOf("name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </Form>
  );
}
