drop table hub_simulation_runs;
drop table hub_simulations;
