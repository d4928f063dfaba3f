from calendula import garbage


def main() -> None:
    """Load the `calendula` command, and run it."""
    with garbage.spared():
        from calendula import cli
    cli.main()


if __name__ == "__main__":
    main()
