"""``python -m eegkit`` is the ``eegkit`` command."""

from eegkit.cli import main

if __name__ == "__main__":
    main(prog_name="eegkit")
