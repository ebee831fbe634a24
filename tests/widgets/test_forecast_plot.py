"""The plot of a forecast: 24 hours as blocks, at any width."""

from ftos_tui.widgets.forecast_plot import ForecastPlot, block, plot_counts


def test_a_day_is_drawn_from_the_current_hour_on() -> None:
    counts = plot_counts([(0, 3000), (1, 1500), (2, 1), (21, 3000), (30, 9)])
    assert ForecastPlot(counts, 14, 3000).lines(42) == [
        "█▄▁··················█··",
        "14    20    2     8",
    ]
    blocks, scale = ForecastPlot(counts, 14, 3000).lines(78)
    assert blocks == "███▄▄▄▁▁▁" + 18 * 3 * "·" + "███" + "·" * 6
    assert scale == "14                20                2                 8"
    assert ForecastPlot(counts, 0, 3000).lines(5)[0] == ForecastPlot(counts, 0, 3000).lines(42)[0]


def test_a_block_is_as_high_as_its_number() -> None:
    assert "".join(block(count, 8) for count in range(-1, 10)) == "··▁▂▃▄▅▆▇██"
    assert block(1, 1_000_000) == "▁"
    assert block(1, 0) == "█"
