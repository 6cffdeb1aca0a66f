"""`python -m zgzx_research` is `zgzx`."""

from zgzx_research.cli import main

main()
