"""``python -m convcalc`` is ``convcalc``."""

from convcalc.cli.main import main

if __name__ == "__main__":
    main()
