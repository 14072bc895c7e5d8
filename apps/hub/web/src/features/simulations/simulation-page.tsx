import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import {
  cancelSimulation,
  deleteSimulation,
  type Experiment,
  experimentsQuery,
  exportSimulation,
  progressQuery,
  runSimulation,
  runsQuery,
  type Simulation,
  simulationQuery,
} from "../../api/simulations.ts";
import { ApiError } from "../../api/client.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page, Section } from "../../ui/page.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { Empty, Notice } from "../../ui/states.tsx";
import { Compare } from "./compare.tsx";
import { InTenant } from "./frame.tsx";
import { RunPanel } from "./run-panel.tsx";
import { simTypeWords, sureness } from "./words.ts";

const route = getRouteApi("/simulations/$id");

export function SimulationPage() {
  const { id } = route.useParams();
  // Only what is known already: the question itself is asked within the tenant.
  const name = useQuery({ ...simulationQuery(id), enabled: false }).data?.name;
  return (
    <Page title={name ?? "Simulation"} wide>
      <InTenant>{() => <Loaded key={id} id={id} />}</InTenant>
    </Page>
  );
}

function Loaded({ id }: { id: string }) {
  const simulation = useQuery(simulationQuery(id));
  const experiments = useQuery(experimentsQuery);
  if (simulation.error instanceof ApiError && simulation.error.status === 404)
    return (
      <Empty title="This simulation is not here">
        It was deleted, or belongs to another tenant.{" "}
        <Link to="/simulations" className="text-accent underline underline-offset-4">
          All simulations of yours
        </Link>
      </Empty>
    );
  return (
    <Answer query={experiments} label="the experiments" shape="h-96">
      {({ items }) => (
        <Answer query={simulation} label="the simulation" shape="h-96">
          {(one) => {
            const experiment = items.find((each) => each.id === one.experiment);
            return experiment === undefined ? (
              <Empty title="This experiment is no longer offered">
                Change the simulation to ask another question.
              </Empty>
            ) : (
              <Inside one={one} experiment={experiment} />
            );
          }}
        </Answer>
      )}
    </Answer>
  );
}

function Inside({ one, experiment }: { one: Simulation; experiment: Experiment }) {
  const { id } = one;
  const client = useQueryClient();
  const progress = useQuery(progressQuery(id));
  const isActive = progress.data?.run?.active === true;
  const runs = useQuery(runsQuery(id));
  const { runs: chosen = [] } = route.useSearch();
  const navigate = route.useNavigate();
  // What is ticked shows at once; the address follows, and leads where somebody goes back.
  const [picked, setPicked] = useState(chosen);
  const inAddress = chosen.join(" ");
  useEffect(() => setPicked(inAddress === "" ? [] : inAddress.split(" ")), [inAddress]);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: progressQuery(id).queryKey });
    await client.invalidateQueries({ queryKey: runsQuery(id).queryKey });
    await client.invalidateQueries({ queryKey: ["tenant", "simulations", "list"] });
  };
  // A run that has ended stands among the others.
  useEffect(() => {
    if (!isActive) void client.invalidateQueries({ queryKey: runsQuery(id).queryKey });
  }, [client, id, isActive]);
  const start = useMutation({
    mutationFn: () => runSimulation(id),
    onMutate: () => void navigate({ search: ({ step: _all, ...old }) => old, replace: true }),
    onSuccess: (run) => client.setQueryData(progressQuery(id).queryKey, { run }),
    onSettled: refresh,
  });
  const cancel = useMutation({ mutationFn: () => cancelSimulation(id), onSettled: refresh });
  const save = useMutation({
    mutationFn: async () => saveFile("simulation.csv", await exportSimulation(id)),
  });
  const failed = start.error ?? cancel.error ?? save.error;
  return (
    <div className="space-y-10">
      <Facts one={one} experiment={experiment} />
      <div className="space-y-4">
        {failed === null ? null : <Notice tone="fail">{failed.message}</Notice>}
        <div className="flex flex-wrap gap-3">
          {isActive ? (
            <Button look="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel the run
            </Button>
          ) : (
            <Button busy={start.isPending} onClick={() => start.mutate()}>
              {progress.data?.run === null ? "Run it" : "Run it again"}
            </Button>
          )}
          {one.may_change ? (
            <ButtonLink to="/simulations/$id/edit" params={{ id }} look="quiet">
              Change it
            </ButtonLink>
          ) : null}
          <Button
            look="quiet"
            busy={save.isPending}
            disabled={(runs.data?.total ?? 0) === 0}
            onClick={() => save.mutate()}
          >
            Download the runs (CSV)
          </Button>
          {one.may_change ? <Delete id={id} name={one.name} /> : null}
        </div>
      </div>
      <Answer query={progress} label="the run" shape="h-80">
        {({ run }) =>
          run === null ? (
            <Empty title="Not run yet">Run it, and the answer appears here, step by step.</Empty>
          ) : (
            <RunPanel run={run} experiment={experiment} />
          )
        }
      </Answer>
      <Section
        id="runs"
        title="Runs"
        lead="The last twenty are kept. Try standard against advanced, or another seed."
      >
        <Answer query={runs} label="the runs" shape="h-32">
          {({ items }) =>
            items.length === 0 ? (
              <p className="text-muted">None so far.</p>
            ) : (
              <Compare
                runs={items}
                chosen={picked.filter((each) => items.some((run) => run.id === each))}
                experiment={experiment}
                onChoose={(ids) => {
                  setPicked(ids);
                  void navigate({
                    search: ({ runs: _old, ...rest }) =>
                      ids.length === 0 ? rest : { ...rest, runs: [...ids] },
                    replace: true,
                    resetScroll: false,
                  });
                }}
              />
            )
          }
        </Answer>
      </Section>
    </div>
  );
}

function Facts({ one, experiment }: { one: Simulation; experiment: Experiment }) {
  const rows = [
    ["Type", simTypeWords[one.sim_type]],
    ["Sure enough at", sureness(one.confidence_threshold)],
    ["Steps at most", String(one.refinement_steps)],
    ...(one.seed === null ? [] : [["Seed", String(one.seed)] as const]),
    ...experiment.parameters.map(({ name, label, unit, choices }) => {
      const value = one.parameters[name] ?? Number.NaN;
      const choice = choices?.find((each) => each.value === value)?.label;
      return [label, choice ?? `${value.toLocaleString("en")} ${unit}`] as const;
    }),
  ] as const;
  return (
    <div className="space-y-4">
      <p className="max-w-2xl text-lg text-muted">{experiment.question}</p>
      {one.description === "" ? null : (
        <p className="max-w-2xl break-words whitespace-pre-line">{one.description}</p>
      )}
      <dl className="grid gap-x-8 gap-y-2 sm:grid-cols-2 lg:grid-cols-3">
        {rows.map(([name, value]) => (
          <div key={name} className="min-w-0 border-b border-line pb-1">
            <dt className="text-sm text-muted">{name}</dt>
            <dd className="break-words tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Delete({ id, name }: { id: string; name: string }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteSimulation(id),
    onSuccess: async () => {
      // No list shows it again, not even while it is fetched anew.
      client.removeQueries({ queryKey: ["tenant", "simulations"], type: "inactive" });
      await navigate({ to: "/simulations" });
      client.removeQueries({ queryKey: ["tenant", "simulations", "one", id] });
      await client.invalidateQueries({ queryKey: ["tenant", "simulations", "list"] });
    },
    onSettled: () => setOpen(false),
  });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Delete
      </Button>
      {remove.error === null ? null : <Notice tone="fail">{remove.error.message}</Notice>}
      <Confirm
        open={open}
        title={`Delete ${name}?`}
        action="Delete the simulation"
        busy={remove.isPending}
        onClose={() => setOpen(false)}
        onConfirm={() => remove.mutate()}
      >
        It goes for everybody in your tenant, with all its runs. It cannot be brought back.
      </Confirm>
    </>
  );
}
