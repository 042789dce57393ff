"""The fault laboratory of campaigns: `python -m tests.lab --quick`."""
