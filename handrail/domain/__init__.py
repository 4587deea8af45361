"""The vocabulary: values, enums, ports and errors that every room shares. Standard library only."""
