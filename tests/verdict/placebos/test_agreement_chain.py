"""Agreement chains: their law, their fit and their draws, against the rule and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.verdict.placebos.agreement_chain import AgreementChain, fit_chain
from bt_fusion.verdict.placebos.agreement_draws import Agreements, drawn_trips, trips_of
from bt_fusion.verdict.placebos.chain_pair import SIDES, ChainPair
from bt_fusion.verdict.placebos.episodes import Episodes
from bt_fusion.verdict.placebos.replay import renewed


def states(count, seed=0, longest=40):
    """A state whose episodes last 1 to `longest` bars, some of them without a side."""
    rng = np.random.default_rng(seed)
    sides = rng.choice([-1, 1, 1, -1, 0], count)
    return np.repeat(sides, rng.integers(1, longest + 1, count))[:count]


def test_the_law_of_a_chain_by_hand():
    # on half of the time, each spell two bars long on average
    chain = AgreementChain(starts=0.5, ends=0.5, hold_bars=3)
    assert chain.share == 0.5
    assert chain.persistence == 0.0
    assert chain.held(5).tolist() == [0.5, 0.75, 0.875, 0.875, 0.875]
    assert chain.entered(5).tolist() == [0.5, 0.25, 0.125, 0.0625, 0.0625]
    lasting = AgreementChain(starts=0.1, ends=0.3, hold_bars=2)
    assert lasting.share == pytest.approx(0.25)
    assert lasting.held(4).tolist() == pytest.approx([0.25, 1 - 0.75 * 0.9] + [1 - 0.675] * 2)
    assert lasting.entered(3).tolist() == pytest.approx([0.25, 0.075, 0.0675])


@pytest.mark.parametrize("starts", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("ends", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("hold_bars", [1, 5])
def test_the_fit_makes_what_the_chain_makes(starts, ends, hold_bars):
    weight = np.append(np.linspace(50, 40, hold_bars), 600.0)
    chain = AgreementChain(starts, ends, hold_bars)
    made = [weight @ each(hold_bars + 1) for each in (chain.entered, chain.held)]
    found = fit_chain(weight, *made, hold_bars)
    again = [weight @ each(hold_bars + 1) for each in (found.entered, found.held)]
    assert again == pytest.approx(made, rel=1e-6)


def test_the_fit_of_all_nothing_and_too_much():
    weight = np.array([10.0, 9.0, 200.0])
    assert fit_chain(weight, 10, 219, 2) == AgreementChain(1.0, 0.0, 2)
    assert fit_chain(weight, 0, 0, 2) == AgreementChain(0.0, 1.0, 2)
    periodic = fit_chain(weight, 70, 150, 2)  # enters as often as it can
    assert weight @ periodic.held(3) == pytest.approx(150)
    assert weight @ periodic.entered(3) < 70


@pytest.mark.slow
@given(
    st.integers(0, 10_000),
    st.integers(1, 7),
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
    st.integers(2, 12),
)
def test_a_draw_is_the_rule_with_the_agreements_of_the_chain(
    seed, hold_bars, starts, ends, longest
):
    state = states(60, seed, longest)
    episodes, rng = Episodes.of(state[:-1]), np.random.default_rng(seed)
    chain, agrees, made = AgreementChain(starts, ends, hold_bars), np.zeros((3, 60), dtype=bool), []
    for side in SIDES:
        found = Agreements.of(chain, episodes, side, 3, rng)
        for draw, first, last in zip(found.draw, found.first, found.last, strict=True):
            agrees[draw, first : last + 1] = True
            assert (state[first : last + 1] == side).all()
        made.append(found)
    drawn = trips_of(made, episodes, hold_bars, 3)
    for draw in range(3):
        rows = drawn.draw == draw
        order = np.argsort(drawn.trips.signal[rows])
        expected = renewed(state, agrees[draw], hold_bars)
        for name in ("signal", "side", "exit_bar"):
            found = getattr(drawn.trips, name)[rows][order]
            assert found.tolist() == getattr(expected, name).tolist()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("longest", "long", "short"),
    [
        (3, AgreementChain(0.3, 0.7, 4), AgreementChain(0.06, 0.04, 4)),
        (40, AgreementChain(0.2, 0.3, 4), AgreementChain(0.05, 0.1, 4)),
    ],
)
def test_the_mean_position_is_that_of_many_draws(longest, long, short):
    state = states(300, 1, longest)
    pair = ChainPair.of_chains(Episodes.of(state[:-1]), (long, short))
    held, entered = np.zeros((2, 2, 300))
    for block in drawn_trips(pair, 20_000, seed=1):
        trips = block.trips
        start, stop = trips.spans(300)
        row = np.where(trips.side > 0, 0, 1)
        np.add.at(entered, (row, trips.signal), 1 / 20_000)
        for bars, sign in ((start, 1), (stop, -1)):
            inside = bars < 300
            np.add.at(held, (row[inside], bars[inside]), sign / 20_000)
    held = np.cumsum(held, axis=1)[:, 1:]
    for found, law in ((held, pair.held), (entered[:, :-1], pair.entered)):
        error = np.sqrt(law * (1 - law) / 20_000)
        assert (np.abs(found - law) - 5 * error).max() < 0.002
        assert law.sum() == pytest.approx(found.sum(), rel=0.005)


def test_agreements_last_as_long_as_the_law_says():
    episodes = Episodes.of(np.ones(1_000, dtype=int))
    chain = AgreementChain(starts=0.05, ends=0.2, hold_bars=5)
    found = Agreements.of(chain, episodes, 1, 400, np.random.default_rng(0))
    lasted = found.last - found.first + 1
    assert lasted.sum() / 400_000 == pytest.approx(0.2, rel=0.02)
    assert lasted[(found.first > 0) & (found.last < 999)].mean() == pytest.approx(5, rel=0.03)
    assert (found.first == 0).sum() / 400 == pytest.approx(0.2, abs=0.06)
    for always, expected in (
        (AgreementChain(1.0, 0.0, 5), [1_000]),
        (AgreementChain(0.0, 1.0, 5), []),
    ):
        found = Agreements.of(always, episodes, 1, 1, np.random.default_rng(0))
        assert (found.last - found.first + 1).tolist() == expected


def test_every_episode_begins_with_a_stationary_chain():
    state = np.tile(np.repeat([1, -1], 4), 50)
    found = Agreements.of(
        AgreementChain(0.01, 0.01, 5), Episodes.of(state), 1, 500, np.random.default_rng(0)
    )
    on = np.zeros((500, 100))
    on[found.draw, found.episode] = 1
    on = on[:, ::2]
    assert on.mean() == pytest.approx(0.5, abs=0.03)
    assert abs(np.corrcoef(on[:, :-1].ravel(), on[:, 1:].ravel())[0, 1]) < 0.03
