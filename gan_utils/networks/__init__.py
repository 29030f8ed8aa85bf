"""Builders of generators and discriminators, one function each, and their registry."""
