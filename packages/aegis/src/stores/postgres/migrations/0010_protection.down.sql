-- The extensions stay: they may have been there before, and others may use them.
drop index aegis_accounts_plain_display_name, aegis_accounts_plain_about_me;
