"""A small set of news sites on loopback with invented texts, to see Onestory at work without a network."""

from onestory.crawler.demo.serving import DemoSite, serve

__all__ = ["DemoSite", "serve"]
