/** What a hub that was just made has to show: concepts of its own lessons, in a tenant to try things in. */
import { randomUUID } from "node:crypto";
import { tenantDatabase } from "aegis/stores/postgres";
import type { TenantRows } from "../../database/tenant-rows.ts";
import type { EdgeKind } from "./node.ts";
import { knowledgeRepositories, knowledgeService } from "./service.ts";

interface Sample {
  readonly title: string;
  readonly summary: string;
  /** "course/lesson". */
  readonly lessons: readonly string[];
  /** To samples by title. */
  readonly edges?: readonly (readonly [EdgeKind, string])[];
}

export const samples: readonly Sample[] = [
  {
    title: "Session",
    summary: "The server's memory of who signed in, found again by a ticket that the browser shows.",
    lessons: ["sessions/what-a-session-is", "sessions/ending-well"],
    edges: [["needs", "Cookie"]],
  },
  {
    title: "Cookie",
    summary: "A small text that a browser keeps for a site and sends back with each request.",
    lessons: ["sessions/the-cookie"],
    edges: [["needs", "Site"]],
  },
  {
    title: "Rotation",
    summary: "A new ticket for the same session, now and then, so that a stolen one is soon worth nothing.",
    lessons: ["sessions/rotation"],
    edges: [["needs", "Session"]],
  },
  {
    title: "Session fixation",
    summary: "Somebody is made to sign in on a ticket that the attacker has chosen.",
    lessons: ["sessions/stolen-and-planted"],
    edges: [
      ["needs", "Session"],
      ["see_also", "Rotation"],
    ],
  },
  {
    title: "Origin",
    summary: "Scheme, host and port together: what a browser keeps apart from all others.",
    lessons: ["cross-site/origins-and-sites"],
    edges: [["see_also", "Site"]],
  },
  {
    title: "Site",
    summary: "The part of a name that somebody can register: wider than an origin, and what cookies go by.",
    lessons: ["cross-site/origins-and-sites"],
  },
  {
    title: "Forged request",
    summary: "Another site has the browser send a request, and the browser sends the cookie along.",
    lessons: ["cross-site/forged-requests"],
    edges: [
      ["needs", "Cookie"],
      ["needs", "Origin"],
    ],
  },
  {
    title: "Fetch metadata",
    summary: "What the browser itself says of where a request comes from, and no script can change.",
    lessons: ["cross-site/what-the-browser-says"],
    edges: [
      ["needs", "Origin"],
      ["see_also", "Forged request"],
    ],
  },
  {
    title: "Page policy",
    summary: "A header that says which scripts, styles and pictures a page may have, and from where.",
    lessons: ["headers/a-policy-that-holds"],
    edges: [["needs", "Origin"]],
  },
  {
    title: "Trusted types",
    summary: "Text becomes markup only where the page's own rule has made it so.",
    lessons: ["headers/trusted-types"],
    edges: [["needs", "Page policy"]],
  },
  {
    title: "Password hash",
    summary: "What is kept of a password, made slow on purpose, so that guessing is dear.",
    lessons: ["passwords/storing-hashes", "passwords/what-guessing-costs"],
    edges: [["see_also", "Second factor"]],
  },
  {
    title: "Second factor",
    summary: "Something that is held, beside something that is known: a stolen password is not enough.",
    lessons: ["passwords/more-than-a-password"],
    edges: [["explains", "Session"]],
  },
  {
    title: "Evidence",
    summary: "What a running system was seen to do, kept in a way that nobody can touch up afterwards.",
    lessons: ["testing/evidence-that-lasts", "testing/honest-unknowns"],
    edges: [["explains", "Page policy"]],
  },
];

export async function writeSamples(rows: TenantRows, tenantId: string): Promise<void> {
  const service = knowledgeService({
    database: tenantDatabase(rows.pool, knowledgeRepositories, rows),
    lessonExists: () => true, // of the same repository: a test reads them both
    now: () => Date.now(),
    uuid: randomUUID,
  });
  const ids = new Map<string, string>();
  for (const { title, summary, lessons } of samples) {
    const keys = lessons.map((key) => {
      const [course = "", lesson = ""] = key.split("/");
      return { course, lesson };
    });
    const { node } = await service.create(tenantId, { title, summary, body: "", lessons: keys });
    ids.set(title, node.id);
  }
  for (const { title, edges = [] } of samples)
    for (const [kind, other] of edges) {
      const [fromId, toId] = [ids.get(title), ids.get(other)];
      if (fromId === undefined || toId === undefined) throw new Error(`there is no sample "${other}"`);
      await service.link(tenantId, { fromId, toId, kind });
    }
}
