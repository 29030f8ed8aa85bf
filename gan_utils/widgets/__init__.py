"""Interactive pieces for the lessons; under each lies a plain function that needs no browser."""
