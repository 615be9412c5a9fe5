"""`onestory mcp`: the MCP server on standard input and output."""

import logging
import sys

import anyio

from onestory.newsroom.http.context import ApiContext
from onestory.newsroom.mcp.server import create_mcp_server
from onestory.newsroom.terminal.console import HomeOption, load_config
from onestory.pipelines.runtime.engine import open_engine

__all__ = ["mcp_command"]


def mcp_command(home: HomeOption = None) -> None:
    """Serve an AI assistant over standard input and output (MCP). Read-only."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    with open_engine(load_config(home)) as engine:
        server = create_mcp_server(ApiContext(engine.store, engine.index_client))
        anyio.run(server.run_stdio_async)
