/** What a project has said already, and a preflight need not be told again: its deployment description, and its release. */
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { ReleaseError, ReleaseFolder } from "aegis/release";
import { parseDeployment } from "aegis/render";
import { type PreflightSettings } from "aegis/preflight";
import { type ProjectConfig, readJson } from "../config.ts";
import { UsageError } from "../talk.ts";

const MINE = /^(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)$/;

/**
 * What follows from the description where the configuration does not say it: certificate and key, files that the service
 * alone reads, ports of this machine's instances, the folder of releases. Empty where none is there.
 */
export function settingsOfPlace(config: ProjectConfig | undefined): PreflightSettings {
  const file = config?.deploymentFile;
  if (file === undefined || !existsSync(file)) return {};
  const { origin, upstreams, tls, service } = parseDeployment(readJson(file));
  const ports = upstreams.flatMap((one) => {
    const [, port] = MINE.exec(one) ?? [];
    return port === undefined ? [] : [Number(port)];
  });
  const by = service === undefined ? {} : { by: basename(service.entry) };
  return {
    certificates: [
      {
        file: tls.certificateFile,
        key: tls.keyFile,
        names: [new URL(origin).hostname.replaceAll(/[[\]]/g, "")],
      },
    ],
    ports: ports.map((port) => ({ port, ...by })),
    ...(service === undefined
      ? {}
      : { files: [service.environmentFile, ...service.credentials.map(({ file: path }) => path)] }),
    // The service runs from the link that `aegis release` keeps.
    ...(service !== undefined && basename(service.directory) === "current"
      ? { releases: dirname(service.directory) }
      : {}),
  };
}

/** The release that this look is a step of. */
export interface ReleaseStep {
  readonly directory: string;
  readonly id: string;
  /** Nothing was released here before. */
  readonly isFirst: boolean;
  /** It applies its migrations next. */
  readonly migrates: boolean;
}

/**
 * Told by the journal of the run, so that nobody takes what a release alone may lack for done.
 * @throws UsageError where no release is under way that this process belongs to
 */
export async function releaseStepOf(directory: string | undefined): Promise<ReleaseStep | undefined> {
  if (directory === undefined) return undefined;
  const folder = new ReleaseFolder(resolve(directory));
  try {
    const journal = await folder.journal();
    if (journal === undefined || journal.to !== process.env["AEGIS_RELEASE"])
      throw new UsageError(
        `No release is under way in ${folder.root} that this is a step of.`,
        "aegis release takes this step by itself. Without it: aegis check",
      );
    const { migrate } = await folder.settings();
    return {
      directory: folder.root,
      id: journal.to,
      isFirst: journal.from === null,
      migrates: journal.kind === "release" && migrate !== undefined,
    };
  } catch (error) {
    if (error instanceof ReleaseError) throw new UsageError(error.message);
    throw error;
  }
}
