/** Setting a simulation up, and changing it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import {
  changeSimulation,
  createSimulation,
  type Experiment,
  experimentsQuery,
  type Settings,
  type Simulation,
  simulationQuery,
} from "../../api/simulations.ts";
import { Answer } from "../../ui/answer.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { NoAccess } from "../../ui/states.tsx";
import { InTenant } from "./frame.tsx";
import { SettingsForm } from "./settings-form.tsx";

export function NewSimulationPage() {
  return (
    <Page title="New simulation" lead="A question, and how sure the answer has to be.">
      <InTenant>{(tenant) => <New tenantId={tenant.id} />}</InTenant>
    </Page>
  );
}

const newRoute = getRouteApi("/simulations/new");

function New({ tenantId }: { tenantId: string }) {
  const { experiment: wanted = "" } = newRoute.useSearch();
  const query = useQuery(experimentsQuery);
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <Answer query={query} label="the experiments" shape="h-96">
      {({ items }) => {
        const first = items.find(({ id }) => id === wanted) ?? items[0];
        if (first === undefined) return null;
        return (
          <Card>
            <SettingsForm
              draft={`simulation-${tenantId}-new-${first.id}`}
              experiments={items}
              initial={standard(first)}
              action="Set it up"
              send={async (settings) => {
                const { id } = await createSimulation(settings);
                await client.invalidateQueries({ queryKey: ["tenant", "simulations", "list"] });
                await navigate({ to: "/simulations/$id", params: { id } });
              }}
              aside={
                <ButtonLink to="/simulations" look="quiet">
                  Cancel
                </ButtonLink>
              }
            />
          </Card>
        );
      }}
    </Answer>
  );
}

const standard = ({ id, parameters }: Experiment): Settings => ({
  name: "",
  description: "",
  experiment: id,
  parameters: Object.fromEntries(parameters.map((one) => [one.name, one.standard])),
  sim_type: "standard",
  refinement_steps: 12,
  confidence_threshold: 0.95,
  seed: null,
});

export function EditSimulationPage() {
  return (
    <Page title="Change the simulation" lead="Runs that were made keep what they were asked.">
      <InTenant>{(tenant) => <Edit tenantId={tenant.id} />}</InTenant>
    </Page>
  );
}

const editRoute = getRouteApi("/simulations/$id/edit");

function Edit({ tenantId }: { tenantId: string }) {
  const { id } = editRoute.useParams();
  const simulation = useQuery(simulationQuery(id));
  const experiments = useQuery(experimentsQuery);
  return (
    <Answer query={experiments} label="the experiments" shape="h-96">
      {({ items }) => (
        <Answer query={simulation} label="the simulation" shape="h-96">
          {(one) =>
            one.may_change ? (
              <Change key={one.id} one={one} items={items} tenantId={tenantId} />
            ) : (
              <NoAccess />
            )
          }
        </Answer>
      )}
    </Answer>
  );
}

function Change({
  one,
  items,
  tenantId,
}: {
  one: Simulation;
  items: readonly Experiment[];
  tenantId: string;
}) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { id } = one;
  return (
    <Card>
      <SettingsForm
        draft={`simulation-${tenantId}-${id}`}
        experiments={items}
        initial={{
          name: one.name,
          description: one.description,
          experiment: one.experiment,
          parameters: one.parameters,
          sim_type: one.sim_type,
          refinement_steps: one.refinement_steps,
          confidence_threshold: one.confidence_threshold,
          seed: one.seed,
        }}
        action="Save"
        send={async (settings) => {
          client.setQueryData(simulationQuery(id).queryKey, await changeSimulation(id, settings));
          await client.invalidateQueries({ queryKey: ["tenant", "simulations", "list"] });
          await navigate({ to: "/simulations/$id", params: { id } });
        }}
        aside={
          <ButtonLink to="/simulations/$id" params={{ id }} look="quiet">
            Cancel
          </ButtonLink>
        }
      />
    </Card>
  );
}
