"""Carries out what the processes of the business ask for."""
