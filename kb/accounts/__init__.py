"""Who signs in and how: accounts, roles, sessions, tokens, single sign-on."""
