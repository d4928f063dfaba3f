from calendula import memory


def main() -> None:
    """Load the `calendula` command, and run it."""
    with memory.kept():
        from calendula import cli
    cli.main()


if __name__ == "__main__":
    main()
