"""The chaos run of the shop: a site with faults, its clients, and the verdict."""
