"""Writes shell-patterns.json: what Python's fnmatch and glob answer for drawn patterns. Run by hand: python3 make_shell_patterns.py

The glob rows are FileSensor's rule: a path that glob finds counts if it is a file, or a directory with some file below it.
"""
import fnmatch
import json
import os
import random
import tempfile
from glob import glob
from pathlib import Path

HERE = Path(__file__).parent
rng = random.Random(7)

FIXED_KEYS = [
    "data/customers/a.csv", "data/customers/2026/a.csv", "data/customers.csv", "data/.hidden/a.csv", "data/customers/.a.csv",
    "data/a.CSV", "a.csv", "b/a", "data/[x].csv", "data/a-b.csv", "data/x/y/z/a.csv", "data",
]
FIXED_PATTERNS = [
    "data/customers/*.csv", "data/*/a.csv", "data/**/a.csv", "data/**", "**", "**/a.csv", "*", "data", "data/", "data/*", "data/customers",
    "data/customers/", "data/.*/a.csv", "data/.hidden/*", "data/[!a]*.csv", "data/[[]x].csv", "data/[a-c]*", "data/?.csv", "data/*.csv", "*/*",
    "data//customers/*.csv", "**/customers/**", "data/[x", "data/a[-]b.csv", "data/*/*/*", "data/**/*.csv", "a*", "data/[]x]*", "data/[!]x]*",
]


def drawn(letters: str, longest: int) -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, longest)))


def fnmatch_rows() -> list:
    rows = [[p, k, fnmatch.fnmatchcase(k, p)] for p in FIXED_PATTERNS for k in FIXED_KEYS]
    while len(rows) < 2_000:
        pattern = drawn("aab/.*?[]!-^", 7)
        key = drawn("aab/.-]^!", 5)
        rows.append([pattern, key, fnmatch.fnmatchcase(key, pattern)])
    return rows


def is_storable(key: str) -> bool:
    return all(part not in ("", ".", "..") for part in key.split("/"))


def found(key: str, pattern: str, recursive: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for hit in glob(os.path.join(glob_escaped(folder), pattern), recursive=recursive):
            if os.path.isfile(hit) or any(files for _, _, files in os.walk(hit)):
                return True
    return False


def glob_escaped(folder: str) -> str:
    import glob as module
    return module.escape(folder)


def glob_rows() -> list:
    rows = []
    for recursive in (False, True):
        for pattern in FIXED_PATTERNS:
            rows += [[pattern, recursive, key, found(key, pattern, recursive)] for key in FIXED_KEYS]
    while len(rows) < 2_500:
        pattern = drawn(rng.choice(["ab/.*", "ab/*?", "ab*/[]!-", "a/**"]), 7)
        key = drawn("ab/.", 7)
        # A path with . or .. in it is no key, and one that starts at the root leaves the folder.
        if not is_storable(key) or pattern.startswith("/") or any(part in (".", "..") for part in pattern.split("/")):
            continue
        recursive = rng.random() < 0.5
        rows.append([pattern, recursive, key, found(key, pattern, recursive)])
    return rows


with open(HERE / "shell-patterns.json", "w") as out:
    lines = lambda rows: ",\n    ".join(json.dumps(row) for row in rows)
    out.write('{\n  "fnmatch": [\n    ' + lines(fnmatch_rows()) + '\n  ],\n  "glob": [\n    ' + lines(glob_rows()) + "\n  ]\n}\n")
