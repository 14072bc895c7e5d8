/** Which controls count for a requirement: read off the controls, so that it stands in one place. */
import { type BoundControl, catalogue } from "../../verify/catalogue.ts";
import { type Framework, referencesOf, type Requirement, shownToFail } from "./framework.ts";

export interface MappedControl {
  readonly id: string;
  readonly claim: string;
  /** It was seen to fail when what it claims was broken on purpose. */
  readonly isProof: boolean;
}

let byReference: ReadonlyMap<string, readonly BoundControl[]> | undefined;

function index(): ReadonlyMap<string, readonly BoundControl[]> {
  const found = new Map<string, BoundControl[]>();
  for (const control of catalogue.flatMap(({ controls }) => controls))
    for (const reference of [...control.references, `control:${control.id}`])
      found.set(reference, [...(found.get(reference) ?? []), control]);
  return found;
}

/** In the order of the catalogue. Those of a requirement that claims nothing are left out. */
export function controlsOf(framework: Framework, requirement: Requirement): readonly MappedControl[] {
  if (requirement.covers === "none") return [];
  byReference ??= index();
  const known = byReference;
  const controls = new Set(referencesOf(framework, requirement).flatMap((one) => known.get(one) ?? []));
  return [...controls].map(({ id, claim }) => ({
    id,
    claim,
    isProof: Object.hasOwn(shownToFail(), id),
  }));
}
