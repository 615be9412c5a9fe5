"""Metadata of a dump in Croissant 1.0, the JSON-LD that machine-learning tools read (MLCommons, 2024)."""

from collections.abc import Iterator, Mapping
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
    shards = [name for name in files if name.partition("/")[0] in tables]
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
            *(_file_object(name, files[name], file_format) for name in shards),
            *(_file_set(table, shards, file_format) for table in tables),
        ],
        "recordSet": [_record_set(table, fields, file_format) for table, fields in tables.items()],
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


def _file_set(table: str, shards: list[str], file_format: DumpFormat) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "containedIn": [{"@id": name} for name in shards if name.startswith(f"{table}/")],
        "encodingFormat": ENCODINGS[file_format],
        "includes": f"{table}/*.{file_format.ending}",
    }


def _record_set(table: str, fields: Mapping[str, Any], file_format: DumpFormat) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "field": list(_fields(table, table, (), fields, file_format)),
    }


def _fields(
    table: str, parent: str, path: tuple[str, ...], fields: Mapping[str, Any], file_format: DumpFormat
) -> Iterator[dict[str, Any]]:
    for name, kind in fields.items():
        inner = kind[0] if isinstance(kind, list) else kind
        here = (*path, name)
        told: dict[str, Any] = {"@type": "cr:Field", "@id": f"{parent}/{name}", "name": name}
        if isinstance(kind, list):
            told["repeated"] = True
        if isinstance(inner, dict):
            told["subField"] = list(_fields(table, f"{parent}/{name}", here, inner, file_format))
        else:
            told["dataType"] = TYPES[inner]
        told["source"] = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": ".".join(here)}}
        yield told
