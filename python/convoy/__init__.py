"""Convoy's Spark ML stages from Python."""
