"""Tables as text: one function per table, from frames, ledgers and facts to a `Table`."""
