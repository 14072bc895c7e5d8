/** The machine: run-time, installed packages, room, ports, name, clock. Pure. */
import { isIP } from "node:net";
import semver from "semver";
import {
  claimed,
  type Deployment,
  type PreflightFinding,
  quoted,
  restart,
  run,
  type Seen,
} from "./finding.ts";

export interface RuntimeFacts {
  /** As `process.versions.node`. */
  readonly version: string;
  /** `engines.node` of package.json. */
  readonly engines: Seen<string | undefined>;
}

export function checkRuntime({ version, engines }: RuntimeFacts): PreflightFinding[] {
  const right = claimed({
    id: "runtime.node",
    claim: "Node.js is a version that the application is made for.",
  });
  const how = 'Name one in package.json: `"engines": {"node": ">=22.18"}`.';
  if ("unseen" in engines) return [right.unknown(engines.unseen, how)];
  const range = engines.value;
  if (range === undefined) return [right.unknown("package.json names no version (engines.node)", how)];
  if (semver.validRange(range) === null)
    return [right.unknown(`engines.node is "${range}", which is no range of versions`, how)];
  return [
    semver.satisfies(version, range)
      ? right.pass(`${version}, within ${range}`)
      : right.fail(`${version}, not within ${range}`, {
          symptom: "The server does not start, or breaks in places that no test has seen.",
          cause: "The Node.js that is found first is another than the application was tested with.",
          fix: `Install Node.js ${semver.minVersion(range)?.version ?? range} or later of that range, and put it first in PATH.`,
        }),
  ];
}

export interface InstalledPackage {
  readonly version: string | undefined;
  readonly integrity: string | undefined;
  /** Left out of some installs: for development, for other machines. */
  readonly mayBeMissing: boolean;
}

export interface DependencyFacts {
  /** Packages by folder: as package-lock.json wants them, and as npm says that they are. */
  readonly wanted: Seen<ReadonlyMap<string, InstalledPackage>>;
  readonly installed: Seen<ReadonlyMap<string, InstalledPackage>>;
}

const SHOWN = 5;

export function checkDependencies({ wanted, installed }: DependencyFacts): PreflightFinding[] {
  const same = claimed({
    id: "dependencies.installed",
    claim: "What is installed is what the lock file says.",
  });
  const how = `Commit package-lock.json. ${run("npm ci")}`;
  if ("unseen" in wanted) return [same.unknown(wanted.unseen, how)];
  if ("unseen" in installed) return [same.unknown(installed.unseen, how)];
  const differ: string[] = [];
  for (const [folder, { version, integrity, mayBeMissing }] of wanted.value) {
    const there = installed.value.get(folder);
    if (there === undefined) {
      if (!mayBeMissing) differ.push(`${folder} is missing`);
    } else if (there.version !== version)
      differ.push(`${folder} is ${there.version ?? "?"}, not ${version ?? "?"}`);
    else if (there.integrity !== integrity) differ.push(`${folder} has other content`);
  }
  for (const folder of installed.value.keys())
    if (!wanted.value.has(folder)) differ.push(`${folder} is not in the lock file`);
  if (differ.length === 0) return [same.pass(`${installed.value.size} packages`)];
  const more = differ.length > SHOWN ? `, and ${differ.length - SHOWN} more` : "";
  return [
    same.fail(`${differ.slice(0, SHOWN).join(", ")}${more}`, {
      symptom: "What runs is not what was reviewed and tested.",
      cause: "Something was installed without the lock file, or the lock file is newer than the install.",
      fix: run("npm ci"),
    }),
  ];
}

export interface DiskFacts {
  readonly path: string;
  readonly minBytes: number;
  readonly freeBytes: Seen<number>;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

export function checkDisk(disks: readonly DiskFacts[]): PreflightFinding[] {
  return disks.map(({ path, minBytes, freeBytes }) => {
    const room = claimed({ id: "disk.free", claim: `${gigabytes(minBytes)} are free.`, subject: path });
    if ("unseen" in freeBytes) return room.unknown(freeBytes.unseen, "Name a folder that exists.");
    const observed = `${gigabytes(freeBytes.value)} free`;
    return freeBytes.value >= minBytes
      ? room.pass(observed)
      : room.fail(observed, {
          symptom: "Writes fail: uploads, logs, the database, and the backup that would be needed then.",
          cause: `The file system of ${path} is nearly full.`,
          fix: `See what takes the room: ${run(`du -xh --max-depth=2 ${quoted(path)} | sort -h | tail`)} Remove it, or make the file system larger.`,
        });
  });
}

export interface PortFacts {
  readonly port: number;
  /** A word in the command line of who may have it: the release that is to be replaced. */
  readonly by: string | undefined;
  readonly holder: Seen<
    "nobody" | { readonly pid: number | undefined; readonly command: string | undefined }
  >;
}

export function checkPorts(ports: readonly PortFacts[]): PreflightFinding[] {
  if (ports.length === 0)
    return [
      claimed({ id: "ports.free", claim: "The port is free." }).unknown(
        "it is not said which",
        "Set PORT, or name it in aegis.config.ts: `preflight.ports`.",
      ),
    ];
  return ports.map(({ port, by, holder }) => {
    const free = claimed({
      id: "ports.free",
      claim: by === undefined ? `Port ${port} is free.` : `Port ${port} is free, or "${by}" has it.`,
      subject: String(port),
    });
    const look = run(`ss -ltnp 'sport = :${port}'`);
    if ("unseen" in holder) return free.unknown(holder.unseen, look);
    if (holder.value === "nobody") return free.pass("nobody listens there");
    const { pid, command } = holder.value;
    const who = command === undefined ? "a process of another user" : `process ${pid ?? "?"}: ${command}`;
    if (by !== undefined && command === undefined) return free.unknown(`taken by ${who}`, `As root: ${look}`);
    if (by !== undefined && command?.includes(by) === true) return free.pass(`taken by ${who}`);
    return free.fail(`taken by ${who}`, {
      symptom: "The server does not start: the address is in use.",
      cause: `Something else listens on port ${port}.`,
      fix: `See who: ${look} End that, or give the server another PORT.`,
    });
  });
}

export interface NameFacts {
  readonly host: string;
  /** Addresses that it should have; empty: whichever. */
  readonly wanted: readonly string[];
  /** Those that it has; none: there is no such name. */
  readonly addresses: Seen<readonly string[]>;
}

export function checkName(facts: NameFacts | undefined): PreflightFinding[] {
  const known = claimed({
    id: "dns.public-origin",
    claim: "The public host name leads here.",
    ...(facts === undefined ? {} : { subject: facts.host }),
  });
  if (facts === undefined) return [known.unknown("PUBLIC_ORIGIN is not set", "Set PUBLIC_ORIGIN.")];
  const { host, wanted, addresses } = facts;
  if (isIP(host.replaceAll(/[[\]]/g, "")) !== 0) return [known.notApplicable("it is an address, no name")];
  if ("unseen" in addresses) return [known.unknown(addresses.unseen, run(`getent ahosts ${quoted(host)}`))];
  const observed = addresses.value.join(", ");
  const advice = (cause: string) => ({
    symptom: "People do not reach the server, or reach another; no certificate can be had for the name.",
    cause,
    fix: `Make A and AAAA records of ${host} for ${wanted.length === 0 ? "this server" : wanted.join(" and ")} where the domain is kept, and wait for their time to live.`,
  });
  if (addresses.value.length === 0)
    return [known.fail("there is no such name", advice("The name has no address."))];
  const strange = wanted.length === 0 ? [] : addresses.value.filter((one) => !wanted.includes(one));
  return [
    strange.length === 0
      ? known.pass(observed)
      : known.fail(observed, advice(`It leads to ${strange.join(", ")} too, where this server is not.`)),
  ];
}

export interface ClockFacts {
  readonly reference: string;
  readonly toleranceSeconds: number;
  /** How far this machine's clock is ahead, in seconds, and how uncertain that is. */
  readonly ahead: Seen<{ readonly seconds: number; readonly uncertaintySeconds: number }>;
}

export function checkClock(clocks: readonly ClockFacts[], where: Deployment): PreflightFinding[] {
  if (clocks.length === 0)
    return [
      claimed({ id: "clock.right", claim: "The clock is right." }).unknown(
        "there is no other clock to compare it with",
        "Set DATABASE_URL, or give `--clock URL`.",
      ),
    ];
  return clocks.map(({ reference, toleranceSeconds, ahead }) => {
    const right = claimed({
      id: "clock.right",
      claim: `The clock is that of ${reference}, within ${toleranceSeconds} s.`,
      subject: reference,
    });
    if ("unseen" in ahead) return right.unknown(ahead.unseen, run("timedatectl"));
    const { seconds, uncertaintySeconds } = ahead.value;
    const observed = `${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? "behind" : "ahead"}, give or take ${uncertaintySeconds.toFixed(1)} s`;
    if (!(uncertaintySeconds <= Math.max(toleranceSeconds, 2)) || !Number.isFinite(seconds))
      return right.unknown(`${observed}: the answer took too long`, "Try again.");
    if (Math.abs(seconds) <= toleranceSeconds + uncertaintySeconds) return right.pass(observed);
    return right.fail(observed, {
      symptom: "Codes of authenticator apps and tokens are refused; sessions end early or late.",
      cause: "The clocks of the machines are apart.",
      fix: `${run("timedatectl set-ntp true")} ${restart(where)}`,
    });
  });
}
