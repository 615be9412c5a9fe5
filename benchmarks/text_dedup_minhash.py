"""text-dedup's MinHash with its defaults, as a script for an environment that has it: ROWS FOLDER WORKERS.

Prints pairs of row and cluster, of the rows that are in one, as one line of JSON.
"""

import json
import os
import sys
from pathlib import Path


def main() -> None:
    from text_dedup import minhash  # noqa: PLC0415 - of the other environment

    folder = Path(sys.argv[2])
    folder.mkdir(parents=True)
    rows = folder / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for at, line in enumerate(Path(sys.argv[1]).read_bytes().splitlines()):
            file.write(json.dumps({"place": at, "text": json.loads(line)["text"]}) + "\n")
    shown = os.dup(1)
    os.dup2(2, 1)  # it prints its own report
    settings = {"path": "json", "data_files": rows, "split": "train", "column": "text", "idx_column": "place"}
    places = {"cache_dir": folder / "cache", "output": folder / "output", "num_proc": sys.argv[3]}
    told = [word for name, value in (settings | places).items() for word in (f"--{name}", str(value))]
    minhash.main(told, standalone_mode=False)
    clusters = [[int(one), int(minhash.uf.find(one))] for one in list(minhash.uf.parent)]
    os.write(shown, json.dumps(clusters).encode() + b"\n")


if __name__ == "__main__":
    main()
