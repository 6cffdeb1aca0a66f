"""Raw files into tables of text: a profile (TOML) says what the columns are called; no value is judged here."""
