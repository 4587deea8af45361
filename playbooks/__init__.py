"""What we say: playbooks, flows and helplines, and how they are checked and rendered."""
