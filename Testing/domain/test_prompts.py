import pytest

from MissingModalitySegLib.modalities import Code, Modality
from MissingModalitySegLib.prompts import WORDING, prompt, prompts


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("T1", "The input MRI modalities are T1"),
        ("FLAIR,T1", "The input MRI modalities are T1, FLAIR"),
        ("T1ce+T2", "The input MRI modalities are T1c, T2"),
        ("T1+T1ce+T2+FLAIR", "The input MRI modalities are T1, T1c, T2, FLAIR"),
        ("T1+T1ce+T2+FLAIR+DWI", "The input MRI modalities are T1, T1c, T2, FLAIR, DWI"),
    ],
)
def test_the_sentence_of_the_paper(code, sentence):
    assert prompt(Code.parse(code)) == sentence


def test_a_model_s_own_channel_order_decides_the_order_of_the_words():
    assert prompt(Code.parse("T1+FLAIR", ("FLAIR", "T1"))) == "The input MRI modalities are FLAIR, T1"


def test_every_modality_has_a_wording():
    assert set(WORDING) == set(Modality)


def test_one_prompt_per_code_and_none_twice():
    table = prompts()
    assert list(table) == list(Code.all())
    assert len(set(table.values())) == 31
    four = prompts(("T1", "T1ce", "T2", "FLAIR"))
    assert len(four) == 15
    assert not any("DWI" in sentence for sentence in four.values())
