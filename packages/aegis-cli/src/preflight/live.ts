import { checkLive, NOTHING_YET, preflightDefaults } from "aegis/preflight";
import { lookAtLive, type TargetDescription } from "aegis/verify";
import { readAccount } from "../verify/accounts.ts";
import type { Scene } from "./scene.ts";
import { originFrom, probeKeyOf, readAuthority } from "../verify/verify.ts";

/** Comes to the live address as people do. */
export async function liveFindings({ flags, env, config, settings, deployment, release }: Scene) {
  if (release?.isFirst === true) return checkLive({ nothingYet: NOTHING_YET }, deployment);
  const address = flags.live ?? env.get("PUBLIC_ORIGIN");
  if (address === undefined) return checkLive("it is not said where it answers", deployment);
  const origin = originFrom(address);
  const probeKey = probeKeyOf(flags.probeKeyFile, config, origin);
  const target: TargetDescription = {
    ...config?.target,
    ...(flags.account === undefined ? {} : { credentials: readAccount(flags.account) }),
  };
  const { healthPath = preflightDefaults.healthPath, readyPath = preflightDefaults.readyPath } =
    settings.live ?? {};
  const facts = await lookAtLive({
    origin: origin.origin,
    target,
    healthPath,
    readyPath,
    ...(probeKey === undefined ? {} : { probeKey }),
    ...(flags.ca === undefined ? {} : { wire: { ca: readAuthority(flags.ca) } }),
  });
  return checkLive(facts, deployment);
}
