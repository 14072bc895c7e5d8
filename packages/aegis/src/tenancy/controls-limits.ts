import { type Control, fail, pass, unknown } from "../control.ts";
import { cannotWait, isAccepted, isRefused } from "../verify/wire/checks.ts";
import { accept, control, invite, invited, member, open, owner, type Policy } from "./controls-shared.ts";

/** Beyond it a probe would fill the target with accounts and letters. */
const MOST_TRIED = 12;

const selfService: Control<Policy> = control(
  "opened-by-whom",
  "Who may open a tenant is as declared: anybody who is signed in, or administrators alone",
  ["selfService"],
  ["asvs:v5.0.0-8.2.1"],
  async (context, tenancy) => {
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return unknown("could not sign in with a fresh account");
    const { status } = (await open(tenancy, visitor)).response;
    const wanted = context.policy.selfService;
    if (isAccepted(status))
      return wanted ? pass(`opened (${status})`) : fail(`anybody opens one (${status})`, "a refusal");
    if (!isRefused(status)) return unknown(`answered with ${status}`);
    return wanted ? fail(`refused with ${status}`, "2xx") : pass(`refused with ${status}`);
  },
);

const owned: Control<Policy> = control(
  "owned-limit",
  "One account opens no more tenants than declared",
  ["ownedTenantsLimit"],
  ["asvs:v5.0.0-2.4.1"],
  async (context, tenancy) => {
    const { ownedTenantsLimit: limit } = context.policy;
    if (limit > MOST_TRIED) return unknown(`${limit} tenants are too many to try`);
    const first = await owner(context, tenancy);
    if ("unseen" in first) return unknown(first.unseen);
    if ("refusal" in first) return fail(`the first is answered with ${first.refusal}`, "2xx");
    for (let count = 2; count <= limit; count++) {
      const { status } = (await open(tenancy, first.visitor, ` ${count}`)).response;
      if (!isAccepted(status)) return fail(`number ${count} is answered with ${status}`, "2xx");
    }
    const { status } = (await open(tenancy, first.visitor, " beyond")).response;
    return isRefused(status)
      ? pass(`${limit} are opened, the next answers ${status}`)
      : fail(`number ${limit + 1} is answered with ${status}`, "4xx");
  },
);

const invitations: Control<Policy> = control(
  "open-invitations-limit",
  "A tenant has no more open invitations than declared",
  ["openInvitationsLimit"],
  ["asvs:v5.0.0-2.4.1"],
  async (context, tenancy) => {
    const { openInvitationsLimit: limit } = context.policy;
    if (limit > MOST_TRIED) return unknown(`${limit} invitations are too many to try`);
    const tenant = await owner(context, tenancy);
    if ("unseen" in tenant) return unknown(tenant.unseen);
    if ("refusal" in tenant) return unknown(`no tenant could be opened (${tenant.refusal})`);
    const { visitor } = tenant;
    const to = (place: number) => `${place}-${visitor.email}`;
    for (let count = 1; count <= limit; count++) {
      const { status } = (await invite(tenancy, visitor, to(count))).response;
      if (!isAccepted(status)) return fail(`number ${count} is answered with ${status}`, "2xx");
    }
    const { status } = (await invite(tenancy, visitor, to(limit + 1))).response;
    return isRefused(status)
      ? pass(`${limit} are made, the next answers ${status}`)
      : fail(`number ${limit + 1} is answered with ${status}`, "4xx");
  },
);

const members: Control<Policy> = control(
  "members-limit",
  "A tenant has no more members than declared",
  ["membersLimit"],
  ["asvs:v5.0.0-2.4.1"],
  async (context, tenancy) => {
    const { membersLimit: limit } = context.policy;
    if (limit > MOST_TRIED) return unknown(`${limit} members are too many to try`);
    const tenant = await owner(context, tenancy);
    if ("unseen" in tenant) return unknown(tenant.unseen);
    if ("refusal" in tenant) return unknown(`no tenant could be opened (${tenant.refusal})`);
    for (let count = 2; count <= limit; count++) {
      const joined = await member(context, tenancy, tenant.visitor);
      if (typeof joined === "string") return unknown(`member ${count}: ${joined}`);
    }
    const person = await context.signIn({ fresh: true });
    if (person === undefined) return unknown("could not sign in with another fresh account");
    const letter = await invited(context, tenancy, tenant.visitor, person);
    if (typeof letter === "string") return unknown(letter);
    const { status } = (await accept(tenancy, person, letter.token)).response;
    return isRefused(status)
      ? pass(`${limit} are let in, the next answers ${status}`)
      : fail(`member ${limit + 1} is answered with ${status}`, "4xx");
  },
);

const lifetime: Control<Policy> = control(
  "invitation-ends",
  "An invitation can be accepted for as long as declared and no longer",
  ["invitationSeconds"],
  ["asvs:v5.0.0-6.4.1"],
  async (context, tenancy) => {
    const { invitationSeconds: seconds } = context.policy;
    const tenant = await owner(context, tenancy);
    if ("unseen" in tenant) return unknown(tenant.unseen);
    if ("refusal" in tenant) return unknown(`no tenant could be opened (${tenant.refusal})`);
    const early = await context.signIn({ fresh: true });
    const late = await context.signIn({ fresh: true });
    if (early === undefined || late === undefined) return unknown("could not sign in with fresh accounts");
    const [first, second] = [
      await invited(context, tenancy, tenant.visitor, early),
      await invited(context, tenancy, tenant.visitor, late),
    ];
    if (typeof first === "string") return unknown(first);
    if (typeof second === "string") return unknown(second);
    if (!(await context.time.pass(seconds - 60))) return cannotWait(seconds + 1);
    const again = (who: typeof early) => context.signIn({ as: who });
    const inTime = await again(early);
    if (inTime === undefined) return unknown("could not sign in after the wait");
    const before = (await accept(tenancy, inTime, first.token)).response.status;
    if (!isAccepted(before)) return fail(`${before} a minute before its end`, "2xx");
    await context.time.pass(61);
    const tooLate = await again(late);
    if (tooLate === undefined) return unknown("could not sign in after the wait");
    const after = (await accept(tenancy, tooLate, second.token)).response.status;
    return isRefused(after)
      ? pass(`accepted a minute before its end, ${after} a second after it`)
      : fail(`${after} a second after its end`, "4xx");
  },
  { slow: true },
);

export const limitControls: readonly Control<Policy>[] = [selfService, owned, invitations, members, lifetime];
