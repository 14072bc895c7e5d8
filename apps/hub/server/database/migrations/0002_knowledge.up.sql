create table hub_knowledge_nodes (
  id         uuid not null,
  tenant_id  uuid not null references aegis_tenants (id) on delete cascade,
  title      text not null check (char_length(title) between 1 and 120),
  -- The title as it is compared and sorted.
  title_key  text not null collate "C" check (char_length(title_key) <= 360),
  summary    text not null check (char_length(summary) <= 400),
  body       text not null check (char_length(body) <= 20000),
  version    integer not null default 1,
  -- Milliseconds, so that the key of a row, written as text, is the row's.
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  search     tsvector not null generated always as (
    setweight(to_tsvector('english'::regconfig, title), 'A') ||
    setweight(to_tsvector('english'::regconfig, summary), 'B') ||
    setweight(to_tsvector('english'::regconfig, body), 'C')) stored,
  -- The tenant first: what others refer to names its tenant too, because keys that refer look past row-level security.
  primary key (tenant_id, id),
  unique (tenant_id, title_key)
);
create index hub_knowledge_nodes_updated on hub_knowledge_nodes (tenant_id, updated_at, id);
create index hub_knowledge_nodes_created on hub_knowledge_nodes (tenant_id, created_at, id);

create table hub_knowledge_edges (
  tenant_id uuid not null,
  from_id   uuid not null,
  to_id     uuid not null,
  kind      text not null check (kind in ('needs', 'explains', 'see_also')),
  primary key (tenant_id, from_id, to_id, kind),
  foreign key (tenant_id, from_id) references hub_knowledge_nodes (tenant_id, id) on delete cascade,
  foreign key (tenant_id, to_id) references hub_knowledge_nodes (tenant_id, id) on delete cascade,
  check (from_id <> to_id),
  -- To see also goes both ways: one row is enough, and two would be two truths.
  check (kind <> 'see_also' or from_id < to_id)
);
create index hub_knowledge_edges_to on hub_knowledge_edges (tenant_id, to_id);

-- Lessons are files of the repository: whether one is there is looked up when a link is made, and when it is shown.
create table hub_knowledge_lessons (
  tenant_id uuid not null,
  node_id   uuid not null,
  course    text not null check (course ~ '^[a-z0-9-]{1,80}$'),
  lesson    text not null check (lesson ~ '^[a-z0-9-]{1,80}$'),
  place     smallint not null,
  primary key (tenant_id, node_id, course, lesson),
  foreign key (tenant_id, node_id) references hub_knowledge_nodes (tenant_id, id) on delete cascade
);
create index hub_knowledge_lessons_lesson on hub_knowledge_lessons (tenant_id, course, lesson);

select aegis_protect_tenant_table('hub_knowledge_nodes');
select aegis_protect_tenant_table('hub_knowledge_edges');
select aegis_protect_tenant_table('hub_knowledge_lessons');
