-- The lessons that everybody may read, as text to be searched: written from the repository's files at each start. No
-- tenant's rows, so row-level security does not stand before the index.
create table hub_course_documents (
  id     text primary key check (char_length(id) <= 200),
  title  text not null,
  course text not null,
  body   text not null,
  search tsvector not null generated always as (
    setweight(to_tsvector('english'::regconfig, title), 'A') ||
    setweight(to_tsvector('english'::regconfig, course), 'B') ||
    setweight(to_tsvector('english'::regconfig, body), 'C')) stored
);
create index hub_course_documents_search on hub_course_documents using gin (search);
