"""Build the charts' library, Vega-Lite, into one file, with the licences of everything in it.

It needs vl-convert-python and npm, which nothing else needs:

    python3 -m venv /tmp/vega && /tmp/vega/bin/pip install -r requirements/vega.in
    /tmp/vega/bin/python -m tools.vega_bundle
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

VEGA_LITE = "6.4"
FOLDER = Path(__file__).parent.parent / "src/source_opsgenie/archive/page/vega"
# All that the page calls.
SNIPPET = "globalThis.vegaEmbed = vegaEmbed;"
# What would end the <script> element that the bundle is put into.
UNSAFE = ("</script", "<script", "<!--")
SEPARATOR = "\n" + "-" * 72 + "\n\n"


def main() -> None:
    """Write the bundle and its licences."""
    import vl_convert  # noqa: PLC0415 -- not installed with what the tests need

    bundle = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    for text in UNSAFE:
        if text in bundle.lower():
            sys.exit(f"The bundle contains {text}, which cannot be put into a page as it is.")
    name = (
        f"Vega {vl_convert.get_vega_version()}, Vega-Lite {VEGA_LITE} and Vega-Embed; licences: LICENSE in this folder"
    )
    # In a function of its own, or the names in it would be global.
    (FOLDER / "vega.js").write_text(f"/* {name}. */\n(() => {{\n{bundle}\n}})();\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        packages = (
            f"vega@{vl_convert.get_vega_version()}",
            f"vega-lite@{VEGA_LITE}",
            f"vega-embed@{vl_convert.get_vega_embed_version()}",
        )
        subprocess.run(["npm", "install", "--ignore-scripts", "--silent", *packages], cwd=folder, check=True)
        (FOLDER / "LICENSE").write_text(SEPARATOR.join(_licences(Path(folder) / "node_modules")), encoding="utf-8")


def _licences(modules: Path) -> Iterator[str]:
    """The licence of each package that can be in the bundle, once for all packages with the same text."""
    packages: dict[str, list[str]] = {}
    for path in sorted(modules.rglob("package.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        for licence in sorted(path.parent.glob("LICEN[CS]E*")) if "version" in about else ():
            text = licence.read_text(encoding="utf-8").strip()
            packages.setdefault(text, []).append(about["name"])
    for text, names in packages.items():
        yield f"{', '.join(dict.fromkeys(names))}\n\n{text}\n"


if __name__ == "__main__":
    main()
