"""What people and other programs see of a monitor that runs: a page on this machine, and metrics.

Everything is read from the log of the monitor, which may run in this process, in another one, or have ended.
"""
