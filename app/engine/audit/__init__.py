"""The log cannot be quietly changed: seals chain it by hash, and anybody can check them."""
