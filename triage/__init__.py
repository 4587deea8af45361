"""From text to an Assessment: how soon must a human look, and why."""
