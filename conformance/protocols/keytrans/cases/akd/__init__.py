"""Libraries that verify the proofs of AKD (facebook/akd)."""
