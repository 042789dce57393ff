"""``python -m wilks``: the command, where its script is not on the path."""

from wilks.cli import main

if __name__ == "__main__":
    main(prog_name="wilks")
