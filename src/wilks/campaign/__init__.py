"""Campaigns: toys that are planned, made in processes, kept and read back."""

from wilks.analysis import differences
from wilks.campaign.coordinator import run_campaign
from wilks.campaign.folder import FolderStore
from wilks.campaign.ledger import Ledger
from wilks.campaign.plan import Plan, Shard
from wilks.campaign.processes import LocalProcesses
from wilks.campaign.run import load_toys, plan_toys, run_toys, stored_toys
from wilks.campaign.store import MemoryStore, ToyStore
from wilks.campaign.table import ToyRow, Toys

__all__ = [
    "FolderStore",
    "Ledger",
    "LocalProcesses",
    "MemoryStore",
    "Plan",
    "Shard",
    "ToyRow",
    "ToyStore",
    "Toys",
    "differences",
    "load_toys",
    "plan_toys",
    "run_campaign",
    "run_toys",
    "stored_toys",
]
