-- Reports of browsers about the page policy, in groups: a few hundred rows at most, kept for a month.
create table aegis_csp_reports (
  directive text not null check (char_length(directive) <= 40),
  blocked   text not null check (char_length(blocked) <= 200),
  page      text not null check (char_length(page) <= 100),
  reports   bigint not null,
  first_at  timestamptz not null,
  last_at   timestamptz not null,
  primary key (directive, blocked, page)
);
create index aegis_csp_reports_age on aegis_csp_reports (last_at);
