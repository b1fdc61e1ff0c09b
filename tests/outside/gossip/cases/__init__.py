"""The cases of gossip."""
