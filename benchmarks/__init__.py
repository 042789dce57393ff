"""Speed: where time and memory go. `README.md` says how a benchmark is written and run."""
