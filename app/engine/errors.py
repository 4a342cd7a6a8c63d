"""Errors that a person can fix.

UserError: one line at the terminal, exit code 2
└── ConfigurationError: a setting is unknown or malformed
"""


class UserError(Exception):
    """A mistake that the user can fix. The message is one line that says what was wrong and what to do."""


class ConfigurationError(UserError):
    """A setting is unknown or malformed."""
