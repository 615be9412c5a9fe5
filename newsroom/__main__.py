"""`python -m newsroom` is `onestory`."""

from newsroom.cli import main

if __name__ == "__main__":
    main()
