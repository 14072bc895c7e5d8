create table hub_simulations (
  id                   uuid primary key,
  tenant_id            uuid not null references aegis_tenants (id) on delete cascade,
  name                 text not null check (char_length(name) between 1 and 128),
  description          text not null check (char_length(description) <= 1000),
  experiment           text not null check (char_length(experiment) <= 64),
  parameters           jsonb not null,
  sim_type             text not null check (sim_type in ('standard', 'advanced')),
  refinement_steps     integer not null check (refinement_steps between 1 and 20),
  confidence_threshold double precision not null check (confidence_threshold between 0 and 1),
  seed                 bigint check (seed between 0 and 4294967295),
  -- The work stays with the tenant when its maker goes.
  created_by           uuid references aegis_accounts (id) on delete set null,
  created_at           timestamptz not null,
  updated_at           timestamptz not null,
  unique (tenant_id, id)
);
select aegis_protect_tenant_table('hub_simulations');
-- Each order that the list can be asked for, each ending in the id, so that a page after the hundredth costs what the first does.
create index hub_simulations_created on hub_simulations (tenant_id, created_at, id);
create index hub_simulations_updated on hub_simulations (tenant_id, updated_at, id);
create index hub_simulations_name on hub_simulations (tenant_id, lower(name) collate "C", id);
create index hub_simulations_maker on hub_simulations (created_by);

-- A run is what was asked at that moment: the simulation may be changed afterwards.
create table hub_simulation_runs (
  id                   uuid primary key,
  tenant_id            uuid not null,
  simulation_id        uuid not null,
  experiment           text not null check (char_length(experiment) <= 64),
  parameters           jsonb not null,
  sim_type             text not null check (sim_type in ('standard', 'advanced')),
  refinement_steps     integer not null check (refinement_steps between 1 and 20),
  confidence_threshold double precision not null check (confidence_threshold between 0 and 1),
  seed                 bigint not null check (seed between 0 and 4294967295),
  state                text not null check (state in ('queued', 'running', 'converged', 'exhausted', 'cancelled', 'failed')),
  failure              text check (failure in ('crashed', 'time_limit', 'interrupted')),
  steps                jsonb not null default '[]' check (jsonb_array_length(steps) <= 20),
  started_by           uuid references aegis_accounts (id) on delete set null,
  created_at           timestamptz not null,
  -- Whoever carries it out signs in here every few seconds; a run that nobody signs for is lost.
  seen_at              timestamptz not null,
  finished_at          timestamptz,
  -- The tenant is part of the key: a run cannot hang on another tenant's simulation.
  foreign key (tenant_id, simulation_id) references hub_simulations (tenant_id, id) on delete cascade
);
select aegis_protect_tenant_table('hub_simulation_runs');
create index hub_simulation_runs_of on hub_simulation_runs (tenant_id, simulation_id, created_at desc, id);
create index hub_simulation_runs_starter on hub_simulation_runs (started_by);
-- One at a time for each simulation, however many ask at once.
create unique index hub_simulation_runs_active on hub_simulation_runs (tenant_id, simulation_id) where state in ('queued', 'running');
