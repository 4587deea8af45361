"""`python -m handrail` is the `handrail` command."""

from handrail.cli import main

if __name__ == "__main__":
    main()
