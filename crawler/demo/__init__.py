"""A small news world on loopback, with texts of our own, so that Onestory can be seen at work without a network."""

from onestory.crawler.demo.serving import DemoSite, serve

__all__ = ["DemoSite", "serve"]
