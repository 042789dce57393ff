"""Analysis files: read safely, checked strictly, and turned into samples and an Analysis."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.config.build": ["Sources", "build_analysis", "read_data", "read_sources"],
    "wilks.config.document": ["Document", "Position", "document_text", "read_document"],
    "wilks.config.found": ["FoundSample", "find_data", "find_reference"],
    "wilks.config.load": ["LoadedConfig", "load_config"],
    "wilks.config.regions": ["LoadedRegions", "load_any"],
    "wilks.config.rewriting": ["with_values"],
    "wilks.config.schema": ["AnalysisConfig", "json_schema"],
    "wilks.config.systematics": ["Systematics"],
    "wilks.config.templates": ["template"],
}

if TYPE_CHECKING:
    from wilks.config.build import Sources, build_analysis, read_data, read_sources
    from wilks.config.document import Document, Position, document_text, read_document
    from wilks.config.found import FoundSample, find_data, find_reference
    from wilks.config.load import LoadedConfig, load_config
    from wilks.config.regions import LoadedRegions, load_any
    from wilks.config.rewriting import with_values
    from wilks.config.schema import AnalysisConfig, json_schema
    from wilks.config.systematics import Systematics
    from wilks.config.templates import template
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "AnalysisConfig",
    "Document",
    "FoundSample",
    "LoadedConfig",
    "LoadedRegions",
    "Position",
    "Sources",
    "Systematics",
    "build_analysis",
    "document_text",
    "find_data",
    "find_reference",
    "json_schema",
    "load_any",
    "load_config",
    "read_data",
    "read_document",
    "read_sources",
    "template",
    "with_values",
]
