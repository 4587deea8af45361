"""The web console for volunteers, supervisors and administrators."""
