"""Handrail: anonymous concern reports and crisis triage in chat apps."""

__version__ = "0.1.0"
