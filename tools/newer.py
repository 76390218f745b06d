"""Write a wheel with a higher version of every locked dependency, to simulate an index in the future."""

import sys
import zipfile
from pathlib import Path

from tools.lock import LOCKS, read_pins

VERSION = "9999.0"


def main(folder: Path) -> None:
    """Write one wheel for each distribution of any lock; importing it would fail, since it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {name for lock in LOCKS.glob("*.txt") for name in read_pins(lock.read_text())}
    for name in names:
        write_wheel(folder, name.replace("-", "_"))
    print(f"{len(names)} wheels in {folder}")


def write_wheel(folder: Path, name: str) -> None:
    """Write the wheel of one distribution, which requires one that does not exist."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\nRequires-Dist: not-to-be-found-anywhere\n"
    with zipfile.ZipFile(folder / f"{name}-{VERSION}-py3-none-any.whl", "w") as wheel:
        info = f"{name}-{VERSION}.dist-info"
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: newer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
