"""Simulated proton collisions for the studies."""
