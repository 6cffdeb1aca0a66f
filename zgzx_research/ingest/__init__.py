"""Raw files into tables of text: a profile (TOML) says what the columns are called.

No value is judged here.
"""
