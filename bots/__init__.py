"""Platform adapters: translate, never decide."""
