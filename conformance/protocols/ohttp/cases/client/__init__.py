"""Cases for clients of Oblivious HTTP: what they make of keys and of answers, and what they send."""
