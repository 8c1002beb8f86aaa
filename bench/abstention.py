"""How often questions that belong here are kept, and questions that do not are declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.data_sets import SETS, foreign_questions, set_questions
from bench.frontline import SAMPLES, load_samples, load_set, services_of
from bench.metrics import quantile
from bench.page import Figures, goals, percent, table
from bench.places import Places

if TYPE_CHECKING:
    from services.answers.asking import AnswerService
    from services.answers.models import AnswerRequest, DeltaListener, Draft
    from services.bootstrap import Services

WANTED_KEPT, WANTED_DECLINED = 0.95, 0.97
# How much is declined without golden questions was chosen on the other half of these sets' questions.
NOT_CHOSEN_ON = slice(1, None, 2)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one question.

    Attributes:
        confidence: What the band is cut on.
        similarity: Cosine of the best passage: the plain threshold that the bands are compared with.
    """

    band: str
    confidence: float
    similarity: float


class _NoWords:
    """Stands in for the generator, whose drafts do not change the band and cost most of the time."""

    name, origin = "none", None

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        from services.answers.models import Draft

        return Draft((), ())

    def check_ready(self) -> None: ...


def measure(places: Places) -> Figures:
    """Judge the questions of four tenants: two calibrated on golden questions, two that have none."""
    from app.sample_tenants import SAMPLE_DATA
    from services.answers.calibration import GENERAL_OUT_OF_SCOPE
    from services.knowledge.question_files import read_golden_questions

    load_samples(places.home)
    for name in SETS:
        load_set(places, name)
    general = [one.text for one in read_golden_questions(GENERAL_OUT_OF_SCOPE) if one.split == "test"]
    clinc = foreign_questions(places.data)
    tenants: dict[str, Figures] = {}
    with services_of(places.home) as services:
        for tenant in SAMPLES:
            folder = SAMPLE_DATA / tenant
            golden = [one for one in read_golden_questions(folder / "golden_questions.jsonl") if one.split == "test"]
            own = [one for one in read_golden_questions(folder / "out_of_scope_questions.jsonl") if one.split == "test"]
            foreign = {
                "own": [*(one.text for one in own), *(one.text for one in golden if one.kind == "off_topic")],
                "general": general,
                "clinc": clinc,
            }
            missing = [one.text for one in golden if not one.answerable and one.kind != "off_topic"]
            tenants[tenant] = _judge(services, tenant, [one.text for one in golden if one.answerable], foreign, missing)
        for name, tenant in SETS.items():
            services.calibration.calibrate(tenant)
            questions = [question.text for question in set_questions(places.data, name)[NOT_CHOSEN_ON]]
            tenants[tenant] = _judge(services, tenant, questions, {"general": general, "clinc": clinc}, [])
    return {"tenants": tenants}


def _judge(
    services: Services, tenant: str, inside: list[str], outside: dict[str, list[str]], missing: list[str]
) -> Figures:
    asking = _asking(services)
    kept = [_one(services, asking, tenant, text) for text in inside]
    foreign = {name: [_one(services, asking, tenant, text) for text in texts] for name, texts in outside.items()}
    unanswerable = [_one(services, asking, tenant, text) for text in missing]
    figures = {
        "questions": len(inside),
        "calibrated_on_golden": tenant in SAMPLES,
        "kept": _share(kept, "draft", "sources_only"),
        "drafted": _share(kept, "draft"),
        "missing_facts": len(missing),
        "missing_facts_drafted": _share(unanswerable, "draft"),
        "foreign": {name: _compare(kept, judged) for name, judged in foreign.items()},
    }
    print(tenant, figures, flush=True)
    return figures


def _compare(inside: list[Judged], outside: list[Judged]) -> Figures:
    from sklearn.metrics import roc_auc_score

    share = _share(inside, "draft", "sources_only")
    confidences = [one.confidence for one in inside], [one.confidence for one in outside]
    similarities = [one.similarity for one in inside], [one.similarity for one in outside]
    truth = [1] * len(inside) + [0] * len(outside)
    return {
        "questions": len(outside),
        "declined": _share(outside, "not_found"),
        "drafted": _share(outside, "draft"),
        "declined_at_95_kept": declined_at(*confidences, WANTED_KEPT),
        "auroc": round(float(roc_auc_score(truth, [*confidences[0], *confidences[1]])), 4),
        "cosine_declined": declined_at(*similarities, share),
        "cosine_declined_at_95_kept": declined_at(*similarities, WANTED_KEPT),
        "cosine_auroc": round(float(roc_auc_score(truth, [*similarities[0], *similarities[1]])), 4),
    }


def declined_at(inside: Sequence[float], outside: Sequence[float], kept: float) -> float:
    """Share of ``outside`` below the threshold that keeps this share of ``inside``."""
    threshold = quantile(sorted(inside), 1 - kept)
    return round(sum(value < threshold for value in outside) / len(outside), 4)


def _asking(services: Services) -> AnswerService:
    from services.answers.asking import AnswerService
    from services.backends.local.personal_data import LocalPersonalDataDetector
    from services.storage.answers import SqlAnswerRepository

    return AnswerService(
        services.knowledge,
        services.index,
        _NoWords(),  # type: ignore[arg-type]
        SqlAnswerRepository(services.database),
        LocalPersonalDataDetector(),
    )


def _one(services: Services, asking: AnswerService, tenant: str, text: str) -> Judged:
    from services.answers.bands import DEFAULT_CUTS, confidence
    from services.knowledge.models import SearchType

    answer = asking.answer_once(tenant, text)
    snapshot = services.knowledge.require_published(tenant)
    found = services.index.search(
        tenant, snapshot.number, answer.searched_question, limit=6, search_type=SearchType.HYBRID
    )
    assert answer.band is not None
    return Judged(answer.band.value, confidence(found, snapshot.cuts or DEFAULT_CUTS), found.evidence.similarity)


def _share(judged: Sequence[Judged], *bands: str) -> float:
    return round(sum(one.band in bands for one in judged) / len(judged), 4) if judged else 0.0


FOREIGN_NAMES = {"own": "the tenant's own", "general": "general", "clinc": "clinc_oos"}


def text(figures: Figures) -> str:
    """The section."""
    tenants: dict[str, Figures] = figures["tenants"]
    rows = [
        (tenant, name, one, tenants[tenant]) for tenant in tenants for name, one in tenants[tenant]["foreign"].items()
    ]
    reached = goals(
        (
            f"{tenant}: {FOREIGN_NAMES[name]} questions declined",
            f"≥ {percent(WANTED_DECLINED)} at ≥ {percent(WANTED_KEPT)} kept",
            f"{percent(one['declined'])} at {percent(whole['kept'])} kept",
            one["declined"] >= WANTED_DECLINED and whole["kept"] >= WANTED_KEPT,
        )
        for tenant, name, one, whole in rows
    )
    inside = table(
        ("Tenant", "Questions that belong", "Kept", "Drafted", "Fact missing, drafted all the same"),
        (
            (
                tenant if one["calibrated_on_golden"] else f"{tenant} (no golden questions)",
                str(one["questions"]),
                percent(one["kept"]),
                percent(one["drafted"]),
                f"{percent(one['missing_facts_drafted'])} of {one['missing_facts']}" if one["missing_facts"] else "",
            )
            for tenant, one in tenants.items()
        ),
    )
    outside = table(
        ("Tenant", "Out of scope", "Questions", "Declined", "Cosine", "At 95 % kept", "Cosine", "AUROC", "Cosine"),
        (
            (
                tenant,
                FOREIGN_NAMES[name],
                str(one["questions"]),
                percent(one["declined"]),
                percent(one["cosine_declined"]),
                percent(one["declined_at_95_kept"]),
                percent(one["cosine_declined_at_95_kept"]),
                f"{one['auroc']:.3f}",
                f"{one['cosine_auroc']:.3f}",
            )
            for tenant, name, one, _ in rows
        ),
    )
    return f"{reached}\n\n{inside}\n\n{outside}"
