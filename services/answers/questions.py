"""From what an agent typed to what is searched: checked, condensed, put together with the question before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from services.errors import InputError
from services.knowledge.sentences import sentence_spans
from services.knowledge.tokens import identifiers, keyword_tokens

LONG_MESSAGE_WORDS = 45
CONDENSED_WORDS = 45
FOLLOW_UP_WORDS = 12
CONTEXT_WORDS = 40
Relevance = Callable[[Sequence[str]], Sequence[float]]

_QUESTION_START = re.compile(
    r"^(?:and |so |but |also )?"
    r"(?:what|when|where|who|whom|whose|which|why|how|can|could|may|should|would|will|do|does|did|is|are|was|were|am|has|"
    r"have|must|need)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\?|\b(?:i (?:need|want|would like|wonder|was wondering)|please (?:tell|advise|let)|tell me|let me know|"
    r"wants? to know|(?:asks?|asking) (?:if|whether|how|what|why))\b",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks?|thank you|best|kind regards|regards|sincerely|"
    r"cheers|have a (?:nice|good|great)|hope (?:you|this)|sorry to bother|i hope)\b",
    re.IGNORECASE,
)
# A longer sentence that begins with a greeting may hold the question: "Hi, I need to know whether ...".
_COURTESY_WORDS = 12
_FOLLOW_UP_START = re.compile(
    r"^(?:ok(?:ay)?,|(?:and|or|but|also|then|so|same|what about|how about|what if|ok(?:ay)? (?:and|but)|even if|"
    r"also if|only if|unless|if (?:so|not|it|that|they|she|he))\b)",
    re.IGNORECASE,
)
_REFERRING = re.compile(
    r"\b(?:it|its|that|this(?! (?:morning|afternoon|evening|week|weekend|month|year|time)\b)|those|these|them|they|"
    r"their|one|ones|(?<!is )(?<!are )there(?! (?:is|are)\b))\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|him|her|his)\b", re.IGNORECASE)
# With more words of its own a question stands alone; "he" or "her" often means the patient of a question that does.
_SUBJECT_WORDS = 3
_SUBJECT_WORDS_BESIDE_A_PERSON = 2


def check_question(text: str, max_characters: int) -> str:
    """The text without surrounding white space and control characters; other white space becomes ordinary spaces.

    Raises:
        InputError: nothing to ask (code ``empty-question``) or too long (code ``question-too-long``).
    """
    spaced = (" " if character.isspace() and character not in "\n\t" else character for character in text)
    cleaned = "".join(character for character in spaced if character.isprintable() or character in "\n\t").strip()
    if not any(character.isalnum() for character in cleaned):
        raise InputError(
            "There is no question to answer.",
            code="empty-question",
            remedy="Type what the customer asks, in a few words.",
        )
    if len(cleaned) > max_characters:
        raise InputError(
            f"The question has {len(cleaned):,} characters; {max_characters:,} is the most.",
            code="question-too-long",
            remedy="Keep the part that asks something and leave the rest out. Your text is still in the box.",
        )
    return cleaned


def is_follow_up(text: str) -> bool:
    """Whether a short question leans on the one before it: "and for a child?", "how long does that take"."""
    words = text.split()
    if len(words) > FOLLOW_UP_WORDS or identifiers(text):
        return False
    subject_words = len(set(keyword_tokens(text)))
    if _FOLLOW_UP_START.match(text.strip()) or _REFERRING.search(text):
        return subject_words <= _SUBJECT_WORDS
    return bool(_PERSON.search(text)) and subject_words <= _SUBJECT_WORDS_BESIDE_A_PERSON


def with_context(previous: str, follow_up: str) -> str:
    """A question that stands alone: the one before, then the follow-up.

    Of a chain of follow-ups only its beginning is kept, which says what it is about.
    """
    return f"{' '.join(previous.split()[:CONTEXT_WORDS])} {follow_up.strip()}"


def condense(text: str, relevance: Relevance) -> str:
    """The question in a long message, with the sentence that says what it is about.

    Args:
        relevance: Tells for each sentence how close the knowledge base comes to it.

    Returns:
        The text itself when it is short; else whole sentences of it, in their order, about 45 words at most.
    """
    if len(text.split()) <= LONG_MESSAGE_WORDS:
        return text
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    kept = [sentence for sentence in sentences if not _is_courtesy(sentence)]
    kept = kept or sentences
    if len(kept) > 40:
        kept = [*kept[:20], *kept[-20:]]
    scores = relevance(kept)
    asking = [row for row, sentence in enumerate(kept) if _ASKING.search(sentence)]
    if not asking:
        # "When she opened the box ..." asks nothing, so such a beginning counts only where nothing asks more clearly.
        asking = [row for row, sentence in enumerate(kept) if _QUESTION_START.match(sentence)]
    ranked = sorted(range(len(kept)), key=lambda row: (row not in asking, -scores[row]))
    chosen = ranked[:1]
    words = len(kept[chosen[0]].split())
    # What the question is about often stands in the story: the most telling other sentences go along.
    for row in sorted((row for row in range(len(kept)) if row not in chosen), key=lambda row: -scores[row]):
        length = len(kept[row].split())
        if words + length <= CONDENSED_WORDS:
            chosen.append(row)
            words += length
        if len(chosen) == 3:
            break
    condensed = " ".join(kept[row] for row in sorted(chosen))
    return " ".join(condensed.split()[:CONDENSED_WORDS])


def _is_courtesy(sentence: str) -> bool:
    if "?" in sentence or not _COURTESY.match(sentence):
        return False
    return len(sentence.split()) <= _COURTESY_WORDS or not _ASKING.search(sentence)
