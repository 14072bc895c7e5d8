drop table hub_knowledge_lessons;
drop table hub_knowledge_edges;
drop table hub_knowledge_nodes;
