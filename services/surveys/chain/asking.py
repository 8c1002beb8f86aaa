"""Asks a model about many responses per call, and again about those whose entries cannot be used."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.errors import BackendError, BackendRejectedError
from services.ports.language_models import LanguageModel, ModelLimits, ModelReply, ModelRequest, StopReason
from services.ports.surveys import StepListener
from services.surveys.chain.batches import Cost, batch_sizes, longest_reply
from services.surveys.chain.chain_steps import ChainStep
from services.surveys.chain.paid_calls import PaidModelCalls, PaidReply
from services.surveys.chain.readings import Reading
from services.surveys.chain.replies import OF_THE_WHOLE, Problem, UnusableEntryError, entries_of
from services.surveys.chain.tokens import TokenMeter, compact_json, json_tokens, text_tokens
from services.surveys.run_models import StepTrace

MOST_BARREN_CALLS = 15
"""A model that has given nothing usable in so many calls, and nothing before, is the wrong one: paying on is no use."""

_NO_REPLY = PaidReply(ModelReply("", StopReason.COMPLETE))
_LOST_NOTE = "The reply to an earlier call was lost before it was kept; it may cost too."


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking.

    Attributes:
        readings: Those whose entries were usable, by id.
        failures: Why the others' were not, by id.
    """

    readings: Mapping[str, Reading]
    failures: Mapping[str, Problem]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Responses of one call.

    Attributes:
        attempt: 1 at first; named in the instructions, so that another attempt is another request.
        tries: How often these very responses were asked about together.
        problems: What was wrong with the attempt before.
    """

    readings: tuple[Reading, ...]
    attempt: int = 1
    tries: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Outcome:
    usable: dict[str, Reading] = field(default_factory=dict)
    failing: list[tuple[Reading, Problem]] = field(default_factory=list)
    strange_ids: int = 0


class Asking:
    """The calls of one analysis.

    Args:
        on_step: Hears of every call.
    """

    def __init__(self, model: LanguageModel, calls: PaidModelCalls, on_step: StepListener | None = None) -> None:
        self._model = model
        self._calls = calls
        self._on_step = on_step
        self._meter = TokenMeter()
        self._barren_calls = 0
        self._ever_usable = False

    def ask(self, step: ChainStep, readings: Sequence[Reading]) -> Asked:
        """Ask about all of them; one that fails again and again ends among the failures and stops no other.

        Raises:
            BackendError: the model cannot be asked, or gives nothing that can be used.
        """
        queue = deque(self._batches(step, readings))
        done: dict[str, Reading] = {}
        failures: dict[str, Problem] = {}
        while queue:
            batch = queue.popleft()
            outcome, error = self._call(step, batch, failures, queue)
            done.update(outcome.usable)
            self._watch(bool(outcome.usable), error)
        return Asked(done, failures)

    def _call(
        self, step: ChainStep, batch: _Batch, failures: dict[str, Problem], queue: deque[_Batch]
    ) -> tuple[_Outcome, BackendError | None]:
        """One call, and what follows from it for the queue."""
        request, estimated = self._request(step, batch)
        error: BackendRejectedError | None = None
        paid: PaidReply | None = None
        try:
            paid = self._calls.complete(request)
        except BackendRejectedError as rejected:
            # Perhaps because of one of them: smaller calls find out.
            error = rejected
            problem = Problem.TOO_LARGE if rejected.code == "context-exceeded" else Problem.REJECTED
            outcome = _Outcome(failing=[(reading, problem) for reading in batch.readings])
        else:
            self._meter.heard(estimated, paid.reply.input_tokens)
            outcome = _read(step, batch, paid)
        following = list(_following(batch, outcome.failing))
        queue.extend(following)
        if outcome.failing and not following:
            failures.update((reading.id, problem) for reading, problem in outcome.failing)
        if self._on_step is not None:
            note = _note(batch, outcome, len(following), paid)
            self._on_step(_trace(step, batch, request, paid, self._model, note))
        return outcome, error

    def _batches(self, step: ChainStep, readings: Sequence[Reading]) -> Iterator[_Batch]:
        fixed = fixed_tokens(step)
        costs = [
            Cost(
                self._meter.corrected(json_tokens(step.given(reading))),
                self._meter.corrected(
                    step.expected_tokens(text_tokens(reading.clean.text), max(1, len(reading.statements)))
                ),
            )
            for reading in readings
        ]
        first = 0
        for size in batch_sizes(costs, self._meter.corrected(fixed), self._model.limits):
            yield _Batch(tuple(readings[first : first + size]))
            first += size

    def _request(self, step: ChainStep, batch: _Batch) -> tuple[ModelRequest, int]:
        """The request, and how many tokens it is thought to have."""
        prompt = step.prompt
        system = prompt.system if batch.attempt == 1 else prompt.again(batch.problems, batch.attempt)
        user = compact_json({**step.shared, "responses": [step.given(reading) for reading in batch.readings]})
        estimated = text_tokens(system) + text_tokens(user) + json_tokens(step.schema)
        most = longest_reply(self._model.limits, self._meter.corrected(estimated))
        name = prompt.version.replace("-", "_")
        return ModelRequest(system, user, name, step.schema, most), estimated

    def _watch(self, was_usable: bool, error: BackendError | None) -> None:
        self._ever_usable = self._ever_usable or was_usable
        self._barren_calls = 0 if was_usable else self._barren_calls + 1
        if not self._ever_usable and self._barren_calls >= MOST_BARREN_CALLS:
            raise error or BackendRejectedError(
                f"The model {self._model.model} gave no reply that can be used in {self._barren_calls} calls.",
                code="model-unusable",
                remedy="An administrator must choose a model that answers with JSON, or look at the model's server.",
            )


def fixed_tokens(step: ChainStep) -> int:
    """Tokens that every call of a step takes, whatever its responses."""
    return text_tokens(step.prompt.again(tuple(Problem)[:3], 9)) + json_tokens(step.schema) + json_tokens(step.shared)


def call_cost(limits: ModelLimits, input_tokens: int, output_tokens: int) -> float | None:
    """US dollars; None when a price is not known."""
    if limits.input_price is None or limits.output_price is None:
        return None
    return (input_tokens * limits.input_price + output_tokens * limits.output_price) / 1_000_000


def _read(step: ChainStep, batch: _Batch, paid: PaidReply) -> _Outcome:
    """Which entries of the reply can be used; every id must come exactly once."""
    reply = entries_of(paid.reply.text)
    outcome = _Outcome(strange_ids=len(set(reply.by_id) - {reading.id for reading in batch.readings}))
    if paid.reply.stop_reason is StopReason.REFUSED:
        missing = Problem.REFUSED
    elif paid.reply.stop_reason is StopReason.LENGTH:
        missing = Problem.CUT_OFF
    else:
        missing = Problem.MISSING if reply.is_json else Problem.NO_JSON
    for reading in batch.readings:
        entry = reply.by_id.get(reading.id)
        if entry is None:
            outcome.failing.append((reading, Problem.REPEATED if reading.id in reply.repeated else missing))
            continue
        try:
            outcome.usable[reading.id] = step.read(reading, entry)
        except UnusableEntryError as unusable:
            outcome.failing.append((reading, unusable.problem))
    return outcome


def _following(batch: _Batch, failing: Sequence[tuple[Reading, Problem]]) -> Iterator[_Batch]:
    """The calls that ask again about what failed; none when that is given up."""
    readings = tuple(reading for reading, _ in failing)
    problems = tuple(dict.fromkeys(problem for _, problem in failing))
    attempt = batch.attempt + 1
    if len(readings) > 1 and (batch.tries or not OF_THE_WHOLE.isdisjoint(problems)):
        middle = (len(readings) + 1) // 2
        for half in (readings[:middle], readings[middle:]):
            # A single response was asked about often enough by then.
            yield _Batch(half, attempt, tries=int(len(half) == 1), problems=problems)
    elif readings and not batch.tries and not (len(batch.readings) == 1 and problems == (Problem.REFUSED,)):
        yield _Batch(readings, attempt, tries=1, problems=problems)


def _note(batch: _Batch, outcome: _Outcome, following: int, paid: PaidReply | None) -> str:
    notes = []
    if outcome.failing:
        counts = Counter(problem for _, problem in outcome.failing)
        total = len(batch.readings)
        notes += [f"{problem.value} ({count} of {total} responses)" for problem, count in counts.items()]
        notes.append({0: "Given up.", 1: "Asked again."}.get(following, "Asked again in two halves."))
    if outcome.strange_ids:
        notes.append(f"{outcome.strange_ids} entries for ids that were not asked about were left aside.")
    if paid is not None and paid.lost_calls:
        notes.append(_LOST_NOTE)
    return " ".join(notes)


def _trace(
    step: ChainStep, batch: _Batch, request: ModelRequest, paid: PaidReply | None, model: LanguageModel, note: str
) -> StepTrace:
    paid = paid or _NO_REPLY
    reply = paid.reply
    return StepTrace(
        step=step.prompt.step,
        version=step.prompt.version,
        response_ids=tuple(one for reading in batch.readings for one in reading.response_ids),
        given=f"{request.system}\n{request.user}",
        made=reply.text,
        model=model.model,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        seconds=paid.seconds,
        cost_usd=0.0 if paid.reused else call_cost(model.limits, reply.input_tokens, reply.output_tokens),
        reused=paid.reused,
        note=note,
    )
