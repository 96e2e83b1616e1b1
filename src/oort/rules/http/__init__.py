"""Rules for requests: routes, access, rates and reply headers."""
