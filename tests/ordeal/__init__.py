"""The promises of the design under fire: killed processes, broken networks, floods; a little of it in every run of the
tests, all of it with `make ordeal`."""
