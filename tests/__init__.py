"""The tests, and the language they are written in."""

import sys

if "pytest" in sys.modules:
    import pytest

    # So that a failure in the test language shows what was expected and what came.
    pytest.register_assert_rewrite("tests.support")
