"""Options from a TOML file."""

import json

from tests.cli.running import run


def test_a_config_file_gives_defaults_and_the_command_line_wins(csv, tmp_path, capsys):
    config = tmp_path / "job.toml"
    config.write_text(
        f'data = "{csv}"\nfeatures = "gap,wick_balance"\nmembers = "lgb"\ntrain-bars = 500\n'
        'param = ["ml_threshold=0.55"]\nlong-only = true\n'
    )
    run("--config", config, "--out", tmp_path, "-q", "--train-bars", "600")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["config"]["train_bars"] == 600
    assert summary["config"]["params"] == {"ml_threshold": 0.55, "long_only": True}
    config.write_text("trian-bars = 3")
    run("--config", config, expect=2)
    assert "did you mean 'train-bars'?" in capsys.readouterr().err
    config.write_text("train-bars = = 3")
    run("--config", config, expect=2)
    assert "is no TOML file" in capsys.readouterr().err
