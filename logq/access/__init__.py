"""Who may do what: keys, bearer tokens, signatures and policies."""
