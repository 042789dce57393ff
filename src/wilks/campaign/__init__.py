"""Campaigns: toys that are planned, made in processes, kept and read back."""

from wilks.analysis import differences
from wilks.campaign.folder import FolderStore
from wilks.campaign.processes import LocalProcesses
from wilks.campaign.run import run_toys, stored_toys
from wilks.campaign.store import MemoryStore, ToyStore
from wilks.campaign.table import ToyRow, Toys

__all__ = [
    "FolderStore",
    "LocalProcesses",
    "MemoryStore",
    "ToyRow",
    "ToyStore",
    "Toys",
    "differences",
    "run_toys",
    "stored_toys",
]
