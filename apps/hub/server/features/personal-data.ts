/**
 * What the hub keeps about a person, for the export that they may ask for (GDPR, article 15). Concepts, courses and
 * lessons name nobody: what authors write there is their tenant's.
 */
import type { AegisStores } from "aegis/fastify";
import type { TenantDatabase } from "aegis/stores/postgres";
import type { Simulation, SimulationRepository } from "./simulations/repository.ts";
import { simulationView } from "./simulations/views.ts";

/** An export is an answer like any other: it ends. */
const MOST_EXPORTED = 1000;

export interface PersonalDataParts {
  readonly tenancy: Pick<AegisStores["tenancy"], "memberships">;
  readonly database: TenantDatabase<{ readonly simulations: SimulationRepository }>;
}

/** In the tenants that they are a member of now: whoever has left a tenant has no part in its rows any more. */
export const personalData =
  ({ tenancy, database }: PersonalDataParts) =>
  async (accountId: string) => {
    const made: { readonly tenantId: string; readonly simulation: Simulation }[] = [];
    let total = 0;
    for (const { tenant } of await tenancy.memberships(accountId)) {
      const left = MOST_EXPORTED - made.length;
      const own = await database.inTenant(tenant.id, ({ simulations }) =>
        simulations.madeBy(accountId, left),
      );
      total += own.total;
      made.push(...own.items.map((simulation) => ({ tenantId: tenant.id, simulation })));
    }
    const items = made.map(({ tenantId, simulation }) => {
      const { may_change: _, ...shown } = simulationView(simulation, true);
      return { ...shown, tenant_id: tenantId };
    });
    return { simulations: { total, items } };
  };
