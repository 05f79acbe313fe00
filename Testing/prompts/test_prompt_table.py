"""Tables of prompt embeddings: rows in mask order, files that say where they come from, the shipped table."""

import json
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.prompts import prompt
from MissingModalitySegLib.resources import resources
from MissingModalitySegTraining.prompts.__main__ import main
from MissingModalitySegTraining.prompts.encoders import BinaryEncoder, encoder
from MissingModalitySegTraining.prompts.table import (
    load_prompt_table,
    make_prompt_table,
    narrow_prompt_table,
    prompt_table,
    save_prompt_table,
)

SHIPPED = resources() / "prompts" / "minilm.safetensors"


class LetterEncoder:
    """Counts characters of a prompt: a text encoder of which every row is known."""

    name = "letters"
    version = "1"

    def encode(self, codes):
        return torch.tensor([[prompt(code).count(character) for character in "2FDc1,"] for code in codes])


def test_rows_are_in_the_order_of_bit_masks():
    table = prompt_table(LetterEncoder(), ("T2", "FLAIR", "DWI"))
    assert table.dtype == torch.float32
    two, flair, dwi, commas = table[:, 0], table[:, 1], table[:, 2], table[:, 5]
    assert two.tolist() == [1, 0, 1, 0, 1, 0, 1]
    assert flair.tolist() == [0, 1, 1, 0, 0, 1, 1]
    assert dwi.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert commas.tolist() == [0, 0, 1, 0, 1, 1, 2]


def test_the_binary_table_holds_the_codes():
    assert prompt_table("binary", ("T1", "T2")).tolist() == [[1, 0], [0, 1], [1, 1]]
    assert prompt_table("binary").shape == (31, 5)


def test_a_file_gives_back_what_was_saved(tmp_path):
    table = make_prompt_table(LetterEncoder(), ("FLAIR", "T1"))
    save_prompt_table(table, tmp_path / "new" / "table.safetensors")
    again = load_prompt_table(tmp_path / "new" / "table.safetensors")
    assert torch.equal(again.embeddings, table.embeddings)
    assert (again.encoder, again.version) == ("letters", "1")
    assert again.modalities == table.modalities
    assert again.prompts == ("The input MRI modalities are FLAIR", *again.prompts[1:])


def test_fewer_modalities_need_no_encoder():
    wide = make_prompt_table(LetterEncoder())
    for modalities in (("T1", "T1ce", "T2", "FLAIR"), ("T1", "DWI"), ("FLAIR",)):
        narrow = narrow_prompt_table(wide, modalities)
        assert torch.equal(narrow.embeddings, make_prompt_table(LetterEncoder(), modalities).embeddings)
        assert narrow.prompts == tuple(prompt(code) for code in Code.all(modalities))


def test_sentences_that_were_never_encoded_are_refused():
    table = make_prompt_table(LetterEncoder(), ("T1", "T2"))
    for modalities in (("T1", "DWI"), ("T2", "T1")):  # the second is a sentence in another order
        with pytest.raises(InputError) as caught:
            narrow_prompt_table(table, modalities)
        assert caught.value.code == "prompt-not-in-table"


def test_binary_tables_are_made_anew_for_other_modalities():
    narrow = narrow_prompt_table(make_prompt_table(BinaryEncoder()), ("T2", "DWI"))
    assert narrow.embeddings.tolist() == [[1, 0], [0, 1], [1, 1]]


def test_files_that_are_no_tables_are_refused(tmp_path):
    missing, damaged, foreign, short = (tmp_path / name for name in ("missing", "damaged", "foreign", "short"))
    damaged.write_bytes(b"no safetensors")
    save_file({"weight": torch.zeros(3)}, foreign)
    facts = {"encoder": "x", "version": "1", "modalities": '["T1", "T2"]', "prompts": '["a", "b"]'}
    save_file({"prompt_table": torch.zeros(2, 4)}, short, metadata=facts)
    odd = {"numbers": ((3, 4), "5"), "flat": ((3,), '["a", "b", "c"]'), "scalar": ((), '["a", "b", "c"]')}
    for name, (shape, prompts) in odd.items():
        save_file({"prompt_table": torch.zeros(shape)}, tmp_path / name, metadata=facts | {"prompts": prompts})
    for path in (missing, damaged, foreign, short, *(tmp_path / name for name in odd)):
        with pytest.raises(InputError) as caught:
            load_prompt_table(path)
        assert caught.value.code == "bad-prompt-table"
        assert str(path) in caught.value.message


def test_unknown_encoders_are_refused():
    for name, source in (("bert", None), ("binary", "folder")):
        with pytest.raises(InputError) as caught:
            encoder(name, source)
        assert caught.value.code == "bad-prompt-encoder"


@pytest.mark.parametrize("name", ["clip", "minilm"])
def test_without_transformers_the_hint_says_what_to_install(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)  # as if it were not installed
    with pytest.raises(InputError) as caught:
        encoder(name, tmp_path)
    assert caught.value.code == "package-missing"
    assert "pip install" in caught.value.hint


def test_the_command_writes_a_table(tmp_path, capsys):
    out = tmp_path / "binary.safetensors"
    assert main(["binary", str(out), "--modalities", "T1,FLAIR"]) == 0
    assert load_prompt_table(out).embeddings.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert "3 prompts x 2" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main(["binary", str(tmp_path / "out"), "--modalities", "T1,PET"]) == 2
    assert "PET" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_shipped_table_has_a_row_for_every_code():
    with safe_open(SHIPPED, "pt") as file:
        stored = file.get_tensor("prompt_table")
        facts = file.metadata()
    assert stored.shape == (31, 384)
    assert stored.dtype == torch.float16
    assert SHIPPED.stat().st_size < 32_000
    assert facts["encoder"] == "minilm"
    assert json.loads(facts["modalities"]) == [modality.value for modality in MODALITIES]
    assert json.loads(facts["prompts"]) == [prompt(code) for code in Code.all()]


def test_the_shipped_rows_have_unit_length_and_differ_by_more_than_rounding():
    table = prompt_table("minilm")
    torch.testing.assert_close(table.norm(dim=1), torch.ones(31), atol=1e-3, rtol=0)
    distances = torch.cdist(table, table) + torch.eye(31)
    assert distances.min() > 0.05


def test_the_shipped_table_fits_the_starter_network():
    for modalities in (MODALITIES, MODALITIES[:4]):
        network = build({"architecture": "universal", "preset": "starter", "config": {"channels": len(modalities)}})
        network.set_prompt_table(prompt_table("minilm", modalities))
        code = torch.ones(1, len(modalities))
        assert bool(torch.isfinite(network(torch.randn(1, len(modalities), 32, 16, 16), code)).all())
