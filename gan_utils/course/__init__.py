"""What works outside of a notebook: commands, execution, pages and sweeps."""
