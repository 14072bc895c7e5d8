alter table hub_simulations add column search tsvector not null generated always as (
  setweight(to_tsvector('english'::regconfig, name), 'A') ||
  setweight(to_tsvector('english'::regconfig, description), 'C')) stored;
