alter table hub_simulations drop column search;
