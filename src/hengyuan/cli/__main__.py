"""`python -m hengyuan.cli`: for services, which do not know where scripts lie."""

from hengyuan.cli import main

if __name__ == "__main__":
    main()
