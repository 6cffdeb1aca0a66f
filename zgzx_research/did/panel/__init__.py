"""From a tidy table to arrays by unit and period, once; every row left out is in the ledger."""
