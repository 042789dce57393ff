"""Analysis files: read safely, checked strictly, and turned into samples and an Analysis."""

from wilks.config.build import Sources, build_analysis, read_data, read_sources
from wilks.config.document import Document, Position, document_text, read_document
from wilks.config.found import FoundSample, find_data, find_reference
from wilks.config.load import LoadedConfig, load_config
from wilks.config.regions import LoadedRegions, load_any
from wilks.config.rewriting import with_values
from wilks.config.schema import AnalysisConfig, json_schema
from wilks.config.systematics import Systematics
from wilks.config.template import template

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
