from calendula.cli import main

main()
