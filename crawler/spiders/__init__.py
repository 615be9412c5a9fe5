"""The spiders that Scrapy runs."""
