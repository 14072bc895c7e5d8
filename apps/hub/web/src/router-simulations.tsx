/** The pages of simulations. What is searched, shown and compared stands in the address. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root, signedInOnly, whole } from "./router-root.tsx";

export interface SimulationsSearch {
  readonly q?: string;
  readonly sort?: "-updated_at" | "-created_at" | "name";
  readonly page?: number;
}
const simulations = createRoute({
  getParentRoute: () => root,
  path: "/simulations",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, sort, page }: Record<string, unknown>): SimulationsSearch => ({
    // The router reads a search of digits as a number.
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q).slice(0, 100) } : {}),
    ...(sort === "-updated_at" || sort === "-created_at" || sort === "name" ? { sort } : {}),
    ...(whole(page, 10_000) ? { page } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/simulations/list-page.tsx"), "SimulationsPage"),
});
const simulationNew = createRoute({
  getParentRoute: () => root,
  path: "/simulations/new",
  beforeLoad: signedInOnly,
  validateSearch: ({ experiment }: Record<string, unknown>): { readonly experiment?: string } =>
    typeof experiment === "string" ? { experiment: experiment.slice(0, 64) } : {},
  component: lazyRouteComponent(() => import("./features/simulations/set-up-page.tsx"), "NewSimulationPage"),
});
const RUN_ID = /^[0-9a-f-]{36}$/;
export interface SimulationSearch {
  /** Steps of the chart that are shown; without: all. */
  readonly step?: number;
  /** Runs that are compared. */
  readonly runs?: readonly string[];
}
const simulation = createRoute({
  getParentRoute: () => root,
  path: "/simulations/$id",
  beforeLoad: signedInOnly,
  validateSearch: ({ step, runs }: Record<string, unknown>): SimulationSearch => ({
    ...(whole(step, 20) ? { step } : {}),
    ...(Array.isArray(runs)
      ? { runs: runs.filter((id): id is string => typeof id === "string" && RUN_ID.test(id)).slice(0, 3) }
      : {}),
  }),
  component: lazyRouteComponent(() => import("./features/simulations/simulation-page.tsx"), "SimulationPage"),
});
const simulationEdit = createRoute({
  getParentRoute: () => root,
  path: "/simulations/$id/edit",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/simulations/set-up-page.tsx"), "EditSimulationPage"),
});

export const simulationRoutes = [simulations, simulationNew, simulation, simulationEdit] as const;
