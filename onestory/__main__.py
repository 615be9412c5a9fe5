"""`python -m onestory` is `onestory`."""

from onestory.newsroom.cli import main

if __name__ == "__main__":
    main()
