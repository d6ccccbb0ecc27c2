"""``python -m bt_fusion`` is `bt-fusion`."""

from bt_fusion.start import main

if __name__ == "__main__":
    main()
