/** "aegis/render": whole configuration files from a policy and a deployment description, as texts. */
import type { Render } from "./artefact.ts";
import { renderNginx } from "./nginx.ts";

export { type Render, RenderError } from "./artefact.ts";
export { type Deployment, DeploymentError, deploymentSchema, parseDeployment } from "./deployment.ts";

export interface Artefact {
  /** What it is, for people. */
  readonly about: string;
  /** Its name in a folder of all of them. */
  readonly file: (name: string) => string;
  readonly render: Render;
}

/** Every target by name. A new one is a file here and a row. */
export const artefacts = {
  nginx: {
    about: "the proxy in front: TLS, redirects, limits",
    file: () => "nginx.conf",
    render: renderNginx,
  },
} as const satisfies Readonly<Record<string, Artefact>>;

export type ArtefactName = keyof typeof artefacts;
