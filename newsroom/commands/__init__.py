"""The commands of `onestory`, by what people do with them."""
