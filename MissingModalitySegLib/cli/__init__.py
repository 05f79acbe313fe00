"""The command line: typer and rich on top of the library, each command importing what it needs when it runs."""
