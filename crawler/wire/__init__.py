"""Sources that hold dispatches themselves, instead of listing pages."""
