"""Campaigns: toys that are planned, made in processes, kept and read back."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.campaign.coordinator": ["run_campaign"],
    "wilks.campaign.folder": ["FolderStore"],
    "wilks.campaign.ledger": ["Ledger"],
    "wilks.campaign.plan": ["Plan", "Shard"],
    "wilks.campaign.processes": ["LocalProcesses"],
    "wilks.campaign.run": ["load_toys", "plan_toys", "run_toys", "run_toys_until", "stored_toys", "toys_here"],
    "wilks.campaign.store": ["MemoryStore", "ToyStore"],
    "wilks.campaign.table": ["ToyRow", "Toys"],
}

if TYPE_CHECKING:
    from wilks.campaign.coordinator import run_campaign
    from wilks.campaign.folder import FolderStore
    from wilks.campaign.ledger import Ledger
    from wilks.campaign.plan import Plan, Shard
    from wilks.campaign.processes import LocalProcesses
    from wilks.campaign.run import load_toys, plan_toys, run_toys, run_toys_until, stored_toys, toys_here
    from wilks.campaign.store import MemoryStore, ToyStore
    from wilks.campaign.table import ToyRow, Toys
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

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
    "load_toys",
    "plan_toys",
    "run_campaign",
    "run_toys",
    "run_toys_until",
    "stored_toys",
    "toys_here",
]
