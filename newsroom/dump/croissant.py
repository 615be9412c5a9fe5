"""Metadata of a dump in Croissant 1.0, the JSON-LD that machine-learning tools read (MLCommons, 2024)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onestory.newsroom.dump.card import DumpFormat

__all__ = ["croissant"]

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {
    "string": "sc:Text",
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "bool": "sc:Boolean",
    "timestamp": "sc:DateTime",
}
ENCODINGS = {DumpFormat.PARQUET: "application/x-parquet", DumpFormat.JSONL: "application/jsonlines"}


def croissant(
    tables: Mapping[str, Mapping[str, Any]],
    files: Mapping[str, Mapping[str, Any]],
    *,
    file_format: DumpFormat,
    published: str,
) -> dict[str, Any]:
    """The metadata of a dump with these tables, each with its fields; `files` are those of its manifest.

    `published` is the date of the dump.
    """
    shards = {table: [name for name in files if name.startswith(f"{table}/")] for table in tables}
    several = {table: names for table, names in shards.items() if len(names) > 1}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "deduplicated-news-corpus",
        "description": "News articles and the stories that they are copies of, made with Onestory.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "url": "https://github.com/onestory/onestory",
        "license": "The texts remain their publishers'; users must establish what they may do with them.",
        "version": "1.0.0",
        "datePublished": published,
        "distribution": [
            *(_file_object(name, files[name], file_format) for names in shards.values() for name in names),
            *(_file_set(table, names, file_format) for table, names in several.items()),
        ],
        "recordSet": [_record_set(table, fields, _source(table, shards[table])) for table, fields in tables.items()],
    }


def _file_object(name: str, told: Mapping[str, Any], file_format: DumpFormat) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name.replace("/", "-"),
        "contentUrl": name,
        "contentSize": f"{told['bytes']} B",
        "encodingFormat": ENCODINGS[file_format],
        "sha256": told["sha256"],
    }


def _file_set(table: str, names: Sequence[str], file_format: DumpFormat) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "containedIn": [{"@id": name} for name in names],
        "encodingFormat": ENCODINGS[file_format],
        # What it is contained in is named file by file.
        "includes": f"*.{file_format.ending}",
    }


def _source(table: str, names: Sequence[str]) -> dict[str, Any]:
    """Where the fields of a table are read from: its file, or its set of files."""
    return {"fileObject": {"@id": names[0]}} if len(names) == 1 else {"fileSet": {"@id": f"{table}-files"}}


def _record_set(table: str, fields: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "field": list(_fields(table, (), fields, source)),
    }


def _fields(
    parent: str, path: tuple[str, ...], fields: Mapping[str, Any], source: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for name, kind in fields.items():
        inner = kind[0] if isinstance(kind, list) else kind
        here = (*path, name)
        told: dict[str, Any] = {"@type": "cr:Field", "@id": f"{parent}/{name}", "name": name}
        if isinstance(kind, list):
            told["repeated"] = True
        if isinstance(inner, dict):
            told["subField"] = list(_fields(f"{parent}/{name}", here, inner, source))
        else:
            told["dataType"] = TYPES[inner]
        told["source"] = {**source, "extract": {"column": here[0]}}
        if len(here) > 1:
            told["source"]["transform"] = {"jsonPath": ".".join(here[1:])}
        yield told
