"""What a notebook talks to: its run, parameters, result and exercises."""
