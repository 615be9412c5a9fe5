"""datatrove's MinHash with its defaults, as a script for an environment that has it: ROWS FOLDER WORKERS.

Prints pairs of row and cluster, of the rows that are in one, as one line of JSON.
"""

import json
import struct
import sys
from pathlib import Path


def main() -> None:
    from datatrove.executor import LocalPipelineExecutor  # noqa: PLC0415 - of the other environment
    from datatrove.pipeline.dedup import MinhashDedupSignature  # noqa: PLC0415
    from datatrove.pipeline.dedup.minhash import (  # noqa: PLC0415
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
    )
    from datatrove.pipeline.readers import JsonlReader  # noqa: PLC0415

    path, folder, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    config = MinhashConfig()
    source = folder / "rows"
    source.mkdir(parents=True)
    # A task takes whole files.
    files = [(source / f"{at}.jsonl").open("wb") for at in range(workers)]
    number = []
    for at, line in enumerate(path.open("rb")):
        files[at % workers].write(line)
        number.append(at)
    for file in files:
        file.close()
    stages = [
        [
            JsonlReader(str(source), text_key="text", id_key="url"),
            MinhashDedupSignature(output_folder=str(folder / "signatures"), config=config),
        ],
        [MinhashDedupBuckets(str(folder / "signatures"), str(folder / "buckets"), config=config)],
        [
            MinhashDedupCluster(
                str(folder / "buckets"),
                str(folder / "remove"),
                config=config,
                save_cluster_id=True,
                ignore_index_matches=True,
            )
        ],
    ]
    tasks = [workers, config.num_buckets, 1]
    for stage, count in zip(stages, tasks, strict=True):
        LocalPipelineExecutor(
            pipeline=stage,
            tasks=count,
            workers=min(count, workers),
            skip_completed=False,
            logging_dir=str(folder / "logs"),
        ).run()
    clusters = []
    for task in range(workers):
        for file in sorted((folder / "remove").glob(f"{task:06d}.clusters")):
            data = file.read_bytes()
            clusters += [(place * workers + task, label) for place, label in struct.iter_unpack("<II", data)]
    print(json.dumps(clusters))


if __name__ == "__main__":
    main()
