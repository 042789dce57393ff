"""The fault laboratory, of campaigns: `python -m tests.lab --quick`; of readers: `python -m tests.lab.reader_fuzz`."""
