"""Methods on trial in worlds whose truth is known: the pages of docs/proofs are written here."""
