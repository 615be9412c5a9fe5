"""The array walk of the language model against py3langid's own, byte for byte."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from onestory.pipelines.extract.language import _REMEMBERED_BYTES, _identifier

OWN = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
SPOKEN = (
    "the council voted on Tuesday der Rat stimmte am Dienstag le conseil a voté совет проголосовал 議会は火曜日に "
    "الاثنين المجلس belediye meclisi 시의회 ที่ประชุม şehir İstanbul ŁÓDŹ 2026 – “yes” 😀"
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(SPOKEN.split()), max_size=300).map(" ".join)))
def test_a_text_has_the_scores_of_the_librarys_own_walk(text: str) -> None:
    ours, theirs = _identifier(), OWN
    assert np.array_equal(ours._decide(text), theirs._decide(text))


def test_the_remembered_bytes_lead_from_any_state_to_one() -> None:
    """Pairs of a state and the first one, walked side by side over all bytes, until none are apart."""
    found = _identifier()
    apart = np.stack([np.arange(1, len(found.rows)), np.zeros(len(found.rows) - 1, dtype=np.int64)])
    for _ in range(_REMEMBERED_BYTES):
        keys = []
        for letter in range(256):
            one, other = found.moves[found.rows[apart] + letter].astype(np.int64)
            keys.append(np.unique((one << 32 | other)[one != other]))
        pairs = np.unique(np.concatenate(keys))
        apart = np.stack([pairs >> 32, pairs & 0xFFFFFFFF])
    assert not apart.size
