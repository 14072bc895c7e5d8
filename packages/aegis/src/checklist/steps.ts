/** The list: sections, steps, who does each. The default one is that of system A; where each step is from is in docs/checklist.md. */
import Type from "typebox";
import { Value } from "typebox/value";
import { ChecklistError } from "./errors.ts";

const closed = { additionalProperties: false } as const;
const id = Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" });
const title = Type.String({ minLength: 1, maxLength: 300 });

export const stepSchema = Type.Object(
  {
    id,
    title,
    /** `machine`: by findings; `person`: by somebody who puts their name to it; `approval`: by every role's yes. */
    by: Type.Enum(["machine", "person", "approval"]),
    /** For a machine: findings that it is judged by, "preflight:dns.*", "verify:csrf.token-required". Each must be there. */
    looks: Type.Optional(
      Type.Array(Type.String({ pattern: "^(preflight|verify):[a-z-]+\\.([a-z0-9-]+|\\*)$" }), {
        minItems: 1,
        maxItems: 32,
      }),
    ),
  },
  closed,
);

export const listSchema = Type.Object(
  {
    name: title,
    sections: Type.Array(
      Type.Object({ title, steps: Type.Array(stepSchema, { minItems: 1, maxItems: 64 }) }, closed),
      {
        minItems: 1,
        maxItems: 16,
      },
    ),
    /** Who has to say yes. */
    roles: Type.Array(id, { minItems: 1, maxItems: 16, uniqueItems: true }),
  },
  closed,
);

export type Step = Readonly<Type.Static<typeof stepSchema>>;
export type StepList = Type.Static<typeof listSchema>;

export const stepsOf = ({ sections }: StepList): readonly Step[] => sections.flatMap(({ steps }) => steps);

/** @throws ChecklistError saying what is wrong with it */
export function parseList(data: unknown): StepList {
  if (!Value.Check(listSchema, data)) {
    const [first] = Value.Errors(listSchema, data);
    throw new ChecklistError(`The list is not valid: ${first?.instancePath ?? ""} ${first?.message ?? ""}`);
  }
  const problem = listProblem(data);
  if (problem !== undefined) throw new ChecklistError(`The list is not valid: ${problem}`);
  return data;
}

export function listProblem(list: StepList): string | undefined {
  const steps = stepsOf(list);
  if (new Set(steps.map((step) => step.id)).size !== steps.length) return "a step is there twice";
  const odd = steps.find(({ by, looks }) => (by === "machine") !== (looks !== undefined));
  if (odd !== undefined) return `step ${odd.id}: a machine has looks, nobody else`;
  return steps.filter(({ by }) => by === "approval").length === 1 ? undefined : "one step is the approval";
}

const machine = (name: string, text: string, ...looks: string[]): Step => ({
  id: name,
  title: text,
  by: "machine",
  looks,
});

export const defaultList: StepList = {
  name: "Deployment of a hardened application",
  sections: [
    {
      title: "Pre-deployment",
      steps: [
        machine(
          "configuration",
          "Policy and configuration are those of production",
          "preflight:configuration.*",
        ),
        machine(
          "secrets",
          "Secrets are set, strong and private, and not in the repository",
          "preflight:secrets.*",
          "preflight:files.*",
          "preflight:git.*",
        ),
        machine(
          "certificate",
          "The certificate is good for 30 days, for the name, and its key is private",
          "preflight:certificate.*",
        ),
        machine(
          "run-time",
          "Node.js and the installed packages are those that were tested",
          "preflight:runtime.*",
          "preflight:dependencies.*",
        ),
        machine(
          "data",
          "Every migration is applied; the application's role is bound; Redis keeps what it is given",
          "preflight:database.*",
          "preflight:redis.*",
        ),
        machine(
          "machine",
          "Room, ports, name and clock",
          "preflight:disk.*",
          "preflight:ports.*",
          "preflight:dns.*",
          "preflight:clock.*",
        ),
        machine(
          "way-back",
          "A young backup, and a release to go back to",
          "preflight:backup.*",
          "preflight:rollback.*",
        ),
      ],
    },
    {
      title: "Deployment",
      steps: [
        {
          id: "release",
          title: "The release is switched on, and who has to know was told",
          by: "person",
        },
        machine(
          "health",
          "It answers at its address, and everything it needs is there",
          "preflight:live.health",
          "preflight:live.ready",
        ),
      ],
    },
    {
      title: "Post-deployment",
      steps: [
        machine("session", "Cookie flags and session time-outs", "verify:session.*"),
        machine("csrf", "Changes need a good CSRF token", "preflight:live.csrf", "verify:csrf.*"),
        machine(
          "journey",
          "Register, sign in, profile, sign out",
          "preflight:live.sign-in",
          "verify:account.*",
          "verify:access.*",
        ),
        machine(
          "edge",
          "HTTPS, headers and rate limits",
          "verify:transport.*",
          "verify:headers.*",
          "verify:rate-limit.*",
        ),
      ],
    },
    {
      title: "Remediation",
      steps: [
        machine(
          "known-cases",
          "None of the seven known failures is there",
          "preflight:configuration.secure-cookie",
          "preflight:configuration.session-lifetime",
          "preflight:configuration.public-origin",
          "preflight:secrets.value",
          "preflight:database.reachable",
          "preflight:live.*",
        ),
      ],
    },
    {
      title: "Monitoring",
      steps: [
        {
          id: "monitoring",
          title:
            "Light load is carried (no failures, p95 within its limit); health, errors and the certificate are watched, and an alarm has reached somebody",
          by: "person",
        },
      ],
    },
    {
      title: "Sign-off",
      steps: [{ id: "sign-off", title: "Everybody whose yes is needed has said it", by: "approval" }],
    },
  ],
  roles: ["operations", "security"],
};
