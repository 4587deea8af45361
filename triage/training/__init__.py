"""Build, export and evaluate classifiers. Never imported at run time."""
