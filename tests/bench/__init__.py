"""How fast it is, as ratios within one run: absolute numbers say more about the machine than about the code."""
