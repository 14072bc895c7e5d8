create table hub_courses (
  id         uuid not null,
  tenant_id  uuid not null references aegis_tenants (id) on delete cascade,
  title      text not null check (char_length(title) between 1 and 120),
  -- The title as it is compared and sorted.
  title_key  text not null collate "C" check (char_length(title_key) <= 360),
  summary    text not null check (char_length(summary) <= 400),
  state      text not null default 'draft' check (state in ('draft', 'published')),
  version    integer not null default 1,
  -- Milliseconds, so that the key of a row, written as text, is the row's.
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  -- The tenant first: what others refer to names its tenant too, because keys that refer look past row-level security.
  primary key (tenant_id, id)
);
create index hub_courses_title on hub_courses (tenant_id, title_key, id);
create index hub_courses_updated on hub_courses (tenant_id, updated_at, id);

create table hub_lessons (
  id         uuid not null,
  tenant_id  uuid not null,
  course_id  uuid not null,
  place      integer not null,
  title      text not null check (char_length(title) between 1 and 120),
  -- Rich text that was cleaned before it came here.
  body       text not null check (char_length(body) <= 100000),
  -- The same without its markup: to be searched.
  plain      text not null check (char_length(plain) <= 100000),
  state      text not null default 'draft' check (state in ('draft', 'published')),
  version    integer not null default 1,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  search     tsvector not null generated always as (
    setweight(to_tsvector('english'::regconfig, title), 'A') ||
    setweight(to_tsvector('english'::regconfig, plain), 'C')) stored,
  primary key (tenant_id, id),
  foreign key (tenant_id, course_id) references hub_courses (tenant_id, id) on delete cascade
);
create index hub_lessons_course on hub_lessons (tenant_id, course_id, place, id);

-- Which files of authors are pictures of which course: only these are shown to others. A file that its owner deletes
-- leaves its row behind, which then shows nothing.
create table hub_course_pictures (
  tenant_id  uuid not null,
  course_id  uuid not null,
  upload_id  uuid not null,
  created_at timestamptz(3) not null,
  primary key (tenant_id, course_id, upload_id),
  foreign key (tenant_id, course_id) references hub_courses (tenant_id, id) on delete cascade
);

select aegis_protect_tenant_table('hub_courses');
select aegis_protect_tenant_table('hub_lessons');
select aegis_protect_tenant_table('hub_course_pictures');
