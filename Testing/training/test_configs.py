"""Configurations: presets hold the papers' numbers, errors name the key, what is written is read again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.configs import methods, parse_override, presets_of, read_config, variants_of
from MissingModalitySegTraining.configs.checks import known_keys
from MissingModalitySegTraining.configs.documents import compose
from MissingModalitySegTraining.configs.reading import as_yaml, stages_of
from MissingModalitySegTraining.configs.schema import LoopSection, TrainingConfig

KEYS = [key for key in known_keys(TrainingConfig) if key.startswith(("data.", "loop.", "validation."))]
TABLES = {
    "moe": {"baseline_modality_dropout", "dynamic_stem", "moe_stem_reg", "moe_stem_encoder_reg",
            "moe_stem_encoder_no_reg", "self_distillation_only", "full"},
    "universal": {"mae_baseline", "distribution_approximation", "clip_hypernetwork", "full",
                  "model_distillation_without_mae", "model_distillation_with_mae",
                  "co_distillation_without_hyper_teacher", "data_model_co_distillation", "binary_hypernetwork",
                  "full_modality_1", "full_modality_10", "full_modality_50", "full_modality_100"},
    "mome": {"full", "minus_curriculum", "minus_curriculum_and_hierarchy", "and_random_expert_initialisation"},
}  # fmt: skip
"""Rows of Table 1 of the first paper, of Tables 4 and 5 and Figure 5 of the second, of Table 3 of the third."""


def refusal(*arguments, **overrides) -> str:
    with pytest.raises(InputError) as caught:
        read_config(*arguments, overrides={key.replace("__", "."): value for key, value in overrides.items()})
    return caught.value.message


@pytest.mark.parametrize("method", methods())
def test_every_preset_and_variant_can_be_read_and_written(method: str, tmp_path: Path) -> None:
    assert set(presets_of(method)) >= {"starter", "gpu", "tiny"}
    assert "paper" in presets_of(method) or method in ("brain", "synthesis")  # which are in none of the papers
    wanted = [(preset, None) for preset in presets_of(method)] + [("tiny", name) for name in variants_of(method)]
    for preset, variant in wanted:
        config = read_config(method, preset, variant)
        (tmp_path / "config.yaml").write_text(as_yaml(config), encoding="utf-8")
        assert read_config(tmp_path / "config.yaml") == config
        assert stages_of(config)


@pytest.mark.parametrize("method", sorted(TABLES))
def test_every_row_of_the_papers_tables_is_a_variant(method: str) -> None:
    assert set(variants_of(method)) >= TABLES[method]
    plain = read_config(method, "tiny")
    seen = {as_yaml(read_config(method, "tiny", name)) for name in TABLES[method]}
    same = {"full", "full_modality_100"} & TABLES[method]
    assert len(seen) >= len(TABLES[method]) - len(same)
    assert as_yaml(plain) in seen


def test_presets_hold_the_papers_numbers() -> None:
    moe = read_config("moe", "paper")
    assert (moe.data.crop, moe.data.batch_size, moe.data.foreground) == ((96, 96, 96), 4, 0.8)
    assert (moe.data.normalisation.method, moe.data.normalisation.scope) == ("zscore", "tile")
    loop = moe.loop_of("network")
    assert (loop.steps, loop.optimiser, loop.learning_rate, loop.schedule) == (150000, "adam", 1e-4, "cosine")
    assert moe.options == {
        "balance_weight": 0.1, "as_printed": False, "distillation_weight": 1.0, "temperature": 2.0,
        "soft_target": False, "dice_of_empty": True,
    }  # fmt: skip
    assert moe.network.config["experts"] == 4
    universal = read_config("universal", "paper", "full_modality_10")
    assert (universal.data.crop, universal.data.missing.full_ratio) == ((128, 128, 128), 0.1)
    assert universal.data.normalisation.method == "minmax"
    mae, student = universal.loop_of("mae"), universal.loop_of("student")
    assert (mae.steps, universal.data_of("mae").batch_size) == (600 * 199 // 2, 2)
    assert (student.steps, universal.data_of("student").batch_size, student.patience) == (1000 * 199, 1, 10)
    assert (student.learning_rate, student.weight_decay, universal.regions) == (3e-4, 5e-4, 3)
    mome = read_config("mome", "paper")
    shares = {stage.name: stage.share for stage in stages_of(mome)}
    experts, joint = (mome.loop_of(name, shares[name]) for name in ("experts", "joint"))
    assert (experts.optimiser, experts.schedule, experts.learning_rate) == ("sgd", "poly", 1e-2)
    assert (joint.learning_rate, joint.steps, joint.weight_decay) == (1e-3, 800 * 250, 3e-5)
    assert mome.network.config["activation"] == "softmax"


@pytest.mark.parametrize("method", methods())
def test_the_starters_leave_precision_and_layout_to_the_machine(method: str) -> None:
    starter, gpu, tiny = (read_config(method, preset).loop for preset in ("starter", "gpu", "tiny"))
    assert (starter.precision, starter.channels_last) == ("auto", None)
    assert (gpu.precision, gpu.channels_last) == ("bf16-mixed", True)
    assert (tiny.precision, tiny.channels_last) == ("32-true", False)


def test_what_is_shipped_stays_small() -> None:
    """At half precision: one bundle per family, the synthesiser, brain extraction."""
    families = ("moe", "universal", "synthesiser", "mome")
    networks = [build({"architecture": name, "preset": "starter"}) for name in families]
    networks.append(build(read_config("brain", "starter").network.model_dump(exclude_none=True)))
    sizes = [2 * sum(value.numel() for value in network.state_dict().values()) for network in networks]
    assert sum(sizes) < 24e6
    assert sizes[0] < 8e6


def test_a_baseline_is_trained_as_its_method() -> None:
    own, like = read_config("moe", "paper"), read_config("moe", "paper", "baseline_modality_dropout")
    assert like.method == "modality_dropout"
    assert (like.data, like.loop, like.modalities) == (own.data, own.loop, own.modalities)
    assert like.network.config == {
        key: value for key, value in own.network.config.items() if key in ("widths", "blocks_per_level")
    }


def test_the_baseline_of_table_4_has_the_loss_of_the_method_that_it_is_compared_with() -> None:
    method = read_config("universal", "paper")
    for baseline in (read_config("mae_baseline", "paper"), read_config("universal", "paper", "mae_baseline")):
        assert {key: method.options[key] for key in baseline.options} == baseline.options
        for stage in ("mae", "student"):
            assert (baseline.loop_of(stage), baseline.data_of(stage)) == (method.loop_of(stage), method.data_of(stage))


def test_a_stage_has_the_cases_of_the_run() -> None:
    said = refusal("universal", "tiny", stages__mae__data={"ids": ["a"], "fold": 1, "batch_size": 1})
    assert "stages.mae.data:" in said
    assert "all stages have the same data.fold, data.ids; set it for the run" in said
    assert read_config("universal", "tiny", None, {"stages.mae.data.batch_size": 1}).data_of("mae").batch_size == 1


def test_all_problems_are_told_at_once_with_what_was_meant() -> None:
    said = refusal(
        "moe", "tiny",
        loop__learnin_rate=1e-3, learning_rate=1e-3, loop__steps="100", data__crop=[15, 16, 16], options__balance=3,
        network__config__exprts=2, stages__network__loop__stps=3, data__phantom__kinds={"glima": 1.0},
        validation__codes=["T1+T9"], modalities=["FLAIR", "T1"], data__fold=1, loop__clip_norm=-1,
    )  # fmt: skip
    for line in (
        "loop.learnin_rate: there is no such key. Did you mean learning_rate?",
        "learning_rate: there is no such key. Did you mean loop.learning_rate?",
        'loop.steps: "100" is given; it must be a whole number.',
        "data.crop: [15, 16, 16] is given; this network needs multiples of 2.",
        "options.balance: there is no such key. Did you mean balance_weight?",
        "network.config.exprts: there is no such key. Did you mean experts?",
        "stages.network.loop.stps: there is no such key. Did you mean steps?",
        "data.phantom.kinds.glima: there is no such kind. Did you mean glioma?",
        "validation.codes: “T9” is not a modality.",
        "modalities: each must be there once, in the order of channels: [T1, FLAIR].",
        "data.fold: it says something of a data set",
        "loop.clip_norm: -1 is given; it must be more than 0.",
    ):
        assert line in said
    assert said.startswith("The configuration has 12 problems:")


def test_what_would_have_no_effect_is_refused_by_name() -> None:
    said = refusal("brain", "tiny", data__missing__full_ratio=0.5)
    assert "data.missing.full_ratio: 0.5 is given" in said
    assert "data.source: heads" in said
    assert "options.code: “T9” is not a modality." in refusal("dedicated", "tiny", options__code="T9")


def test_a_broken_value_says_how_to_write_it() -> None:
    with pytest.raises(InputError, match=r"^“data.crop=.64, 64”: This is no YAML") as caught:
        parse_override("data.crop=[64, 64")
    assert "Close brackets" in caught.value.hint


def test_names_that_do_not_exist() -> None:
    assert refusal("mo") == "“mo” is no training method."
    assert refusal("moe", "papr") == "moe has no preset “papr”."
    assert refusal("moe", "tiny", "ful") == "moe has no variant “ful”."
    assert "stages.netwrk: moe has no such stage. Did you mean network?" in refusal("moe", stages__netwrk__loop={})
    assert "network.architecture" in refusal("moe", network__architecture="foo")
    assert "softmax" in refusal("mome", network__config__activation="softmax")
    assert "labels: " in refusal("moe", labels="tumour")
    assert "best_score" in refusal("moe", loop__patience=3)
    assert "data.source: the method brain" in refusal("brain", data__source="phantom")
    assert "data.source: the method brain" in refusal("moe", data__source="heads")
    assert "scope: tile" in refusal("moe", data__normalisation__method="minmax")


@settings(max_examples=40)
@given(
    st.sampled_from(KEYS),
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5), st.lists(st.integers())),
)
def test_any_value_of_any_key_is_taken_or_refused_by_name(key: str, value: object) -> None:
    section, said = key.split(".")[0], ""
    try:
        config = read_config("modality_dropout", "tiny", overrides={key: value})
    except InputError as error:
        config, said = None, error.message
    assert isinstance(config, TrainingConfig) or f"{section}." in said or f"{section}:" in said


@settings(max_examples=30)
@given(st.sampled_from(KEYS), st.text("abcdefghij_", min_size=1, max_size=12))
def test_an_unknown_key_is_named(beside: str, name: str) -> None:
    key = f"{beside.rpartition('.')[0]}.{name}"
    if key in KEYS or key + "." in "".join(KEYS):
        return
    with pytest.raises(InputError) as caught:
        read_config("modality_dropout", "tiny", overrides={key: 1})
    assert f"{key}: there is no such key." in caught.value.message


def test_files_extend_methods_and_each_other(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "extends: moe/tiny/moe_stem_reg\ndata: {source: list.json, phantom: {kinds: {ms: 1.0}}}\nloop: {steps: 3}\n"
    )
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\nloop: {learning_rate: 1e-3}\nseed: 4\n")
    config = read_config(tmp_path / "mine.yaml", overrides={"loop.steps": 5})
    assert (config.loop.steps, config.loop.learning_rate, config.seed) == (5, 1e-3, 4)
    assert config.network.config["moe_encoder"] is False
    assert config.data.source == str(tmp_path / "list.json")
    assert config.data.phantom.kinds == {"ms": 1.0}
    assert read_config(str(tmp_path / "mine.yaml"), "paper").data.crop == (16, 16, 16)
    (tmp_path / "a.yaml").write_text("extends: a.yaml\n")
    assert "extends itself" in refusal(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_text("loop: {steps: 1, steps: 2}\n")
    assert "“steps” is given twice" in refusal(tmp_path / "b.yaml")
    levels = [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tmp_path / "laughs.yaml").write_text("\n".join(["method: moe", "x0: &x0 [lol]", *levels]))
    assert "more than 20 references" in refusal(tmp_path / "laughs.yaml")
    (tmp_path / "c.yaml").write_text("loop: [1\n")
    assert "in line" in refusal(tmp_path / "c.yaml")
    assert "method: it is missing" in refusal(_written(tmp_path / "d.yaml", {"seed": 1}))
    assert "no configuration" in refusal(tmp_path / "none.yaml")


def _written(path: Path, document: dict) -> Path:
    path.write_text(yaml.safe_dump(document))
    return path


def test_another_architecture_or_method_drops_the_keys_of_the_one_before() -> None:
    document = compose("moe", "tiny", "self_distillation_only", {"network.config": {"widths": [4, 4]}})
    assert document["network"] == {"architecture": "unet", "preset": "tiny", "config": {"widths": [4, 4]}}
    assert "options" not in compose("universal", "tiny", "mae_baseline") or "teacher" not in compose(
        "universal", "tiny", "mae_baseline"
    )["options"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("loop.learning_rate=1e-4", "loop.learning_rate", 1e-4),
        ("data.crop=[64, 64, 32]", "data.crop", [64, 64, 32]),
        ("data.phantom.spacings={1.0: 1}", "data.phantom.spacings", {1.0: 1}),
        ("options.code=T1+FLAIR", "options.code", "T1+FLAIR"),
        ("loop.minutes=null", "loop.minutes", None),
        ("loop.minutes=", "loop.minutes", None),
    ],
)
def test_overrides_are_yaml(text: str, key: str, value: object) -> None:
    assert parse_override(text) == (key, value)


@pytest.mark.parametrize("text", ["loop.steps", "=3", "a b=1", "loop.steps=[1"])
def test_what_is_no_override(text: str) -> None:
    with pytest.raises(InputError):
        parse_override(text)


def test_time_and_steps_are_split_by_share_unless_a_stage_has_its_own() -> None:
    config = read_config("universal", "tiny", overrides={"loop.minutes": 10, "loop.steps": 1000})
    shares = {stage.name: stage.share for stage in stages_of(config)}
    loops = {name: config.loop_of(name, share) for name, share in shares.items()}
    assert sum(loop.minutes for loop in loops.values()) == pytest.approx(10)
    assert sum(loop.steps for loop in loops.values()) == 1000
    assert loops["mae"].minutes == pytest.approx(10 * shares["mae"])
    own = read_config("universal", "tiny", overrides={"loop.minutes": 10, "stages.mae.loop.minutes": 3})
    assert own.loop_of("mae", 0.25).minutes == 3


def test_the_papers_numbers_for_a_stage_hold_where_nobody_said_otherwise(tmp_path: Path) -> None:
    bare = {"method": "mome", "network": {"architecture": "mome", "preset": "tiny"}, "data": {"crop": [16, 16, 16]}}
    config = read_config(_written(tmp_path / "bare.yaml", bare))
    assert config.loop_of("experts").learning_rate == 1e-2
    assert config.loop_of("joint").learning_rate == 1e-3
    assert config.loop_of("joint").optimiser == "sgd"
    said = read_config(tmp_path / "bare.yaml", overrides={"loop.learning_rate": 5e-3})
    assert said.loop_of("joint").learning_rate == 5e-3
    assert set(LoopSection.model_fields) >= {"steps", "minutes", "learning_rate"}


def test_names_that_are_no_utf_8_are_told_as_far_as_they_are_letters() -> None:
    """They ended in a traceback: no JSON can hold them, and nothing else was wrong with the configuration."""
    assert read_config("moe", "tiny", overrides={"data.source": "/x/\udcff.json"}).data.source == "/x/?.json"
