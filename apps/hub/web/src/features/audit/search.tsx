import { type FormEvent, useEffect, useState } from "react";
import { ADDRESS, type AuditSearch, auditSearch, USER_ID } from "../../api/audit.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/form.tsx";

const KINDS = [
  ["", "Everything"],
  ["session.", "Sign-ins and sessions"],
  ["account.", "Accounts"],
  ["password.", "Passwords"],
  ["mfa.", "Second step"],
  ["passkey.", "Passkeys"],
  ["approval.", "Approvals"],
  ["token.", "Access of programs"],
  ["api_key.", "API keys"],
  ["tenancy.", "Tenants"],
  ["app.", "Courses, lessons and concepts"],
  ["upload.", "Files"],
  ["throttle.", "Held back after failed tries"],
  ["mail.", "Mail"],
  ["csp.", "Reports of browsers"],
  ["access.", "Refused: not allowed"],
  ["csrf.", "Refused: from another site"],
  ["input.", "Refused: what it held"],
  ["transport.", "Refused: how it came"],
  ["rate_limit.", "Refused: too often"],
  ["reputation.", "Bans"],
  ["audit.", "The log itself"],
] as const;

/** Fields keep what is typed until it is looked for. */
export function Search({
  search,
  busy,
  onSearch,
}: {
  search: AuditSearch;
  busy: boolean;
  onSearch: (search: AuditSearch) => void;
}) {
  const given = {
    event: search.event ?? "",
    outcome: search.outcome ?? "",
    user: search.user_id ?? "",
    address: search.address ?? "",
  };
  const [typed, setTyped] = useState(given);
  const key = JSON.stringify(given);
  useEffect(() => {
    const { event = "", outcome = "", user_id: user = "", address = "" } = search;
    setTyped({ event, outcome, user, address });
    // What is looked for is compared by what it says, not by which object says it.
  }, [key]);
  const submit = (form: FormEvent) => {
    form.preventDefault();
    const { event, outcome, user, address } = typed;
    onSearch(auditSearch({ event, outcome, user_id: user.trim().toLowerCase(), address: address.trim() }));
  };
  const put = (name: keyof typeof typed) => (event: { target: { value: string } }) =>
    setTyped({ ...typed, [name]: event.target.value });
  return (
    <form onSubmit={submit} role="search" className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
        <SelectField label="Kind" name="event" value={typed.event} onChange={put("event")}>
          {KINDS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </SelectField>
        <SelectField label="Outcome" name="outcome" value={typed.outcome} onChange={put("outcome")}>
          <option value="">Any</option>
          <option value="success">Done</option>
          <option value="failure">Refused</option>
        </SelectField>
        <TextField
          label="Person (id)"
          name="user_id"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={36}
          pattern={`\\s*${USER_ID}\\s*`}
          title="The id of an account, as the page of a user has it"
          value={typed.user}
          onChange={put("user")}
        />
        <TextField
          label="Address"
          name="address"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={45}
          pattern={`\\s*${ADDRESS}\\s*`}
          title="An IP address, e.g. 203.0.113.9"
          value={typed.address}
          onChange={put("address")}
        />
      </div>
      <div className="flex flex-wrap gap-3">
        <Button type="submit" look="quiet" busy={busy}>
          Search
        </Button>
        {Object.keys(search).length === 0 ? null : (
          <Button look="quiet" onClick={() => onSearch({})}>
            Show all
          </Button>
        )}
      </div>
    </form>
  );
}
