"""The release after the one that was built: the same site, whose files have other names, as they have after any change.

usage: next_release.py SITE EDGE OUT
"""

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

site, edge, out = map(Path, sys.argv[1:])
shutil.copytree(site, out / "site")
with zipfile.ZipFile(edge / "faxdroid-edge.zip") as package:
    entries = [(entry, package.read(entry)) for entry in package.infolist()]
hashes = next(content for entry, content in entries if entry.filename == "hash.txt").decode()
renamed = hashes
for kind, name in (line.split(": ") for line in hashes.split("\n") if line):
    renamed = renamed.replace(name, f"next{name}")
    for folder in (out / "site" / "pkg",):
        (folder / f"faxdroid.{name}.{kind}").rename(folder / f"faxdroid.next{name}.{kind}")
with zipfile.ZipFile(out / "edge.zip", "w", zipfile.ZIP_DEFLATED) as package:
    for entry, content in entries:
        package.writestr(entry, renamed.encode() if entry.filename == "hash.txt" else content)
# Every page names the files.
pages = json.loads((edge / "pages.json").read_text())
pages = {path: hashlib.sha256(digest.encode()).hexdigest() for path, digest in pages.items()}
(out / "pages.json").write_text(json.dumps(pages))
