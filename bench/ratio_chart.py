# SPDX-License-Identifier: Apache-2.0
"""The drawing of a comparison: a bar for each engine in each cell, as long as Stride's speed over
the engine's, with the range of the pairs as a thin line."""
import html
import statistics

WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 760, 270, 640, 74, 24, 14
BETTER, WORSE, GROUND = "#2563a8", "#c2571a", "#ecece6"


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def box(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'


def bar(y, label, ratios, x_of):
    median, least, most = statistics.median(ratios), min(ratios), max(ratios)
    middle = y + BAR / 2
    yield text(LEFT - 10, y + BAR - 3, label, 'text-anchor="end"')
    yield box(LEFT, y, RIGHT - LEFT, GROUND)
    yield box(LEFT, y, x_of(median) - LEFT, BETTER if median >= 1 else WORSE)
    yield line(x_of(least), middle, x_of(most), middle, "#222")
    for end in (least, most):
        yield line(x_of(end), middle - 4, x_of(end), middle + 4, "#222")
    yield text(RIGHT + 12, y + BAR - 3, f"{median:.2f} ({least:.2f} - {most:.2f})")


def draw(title, rows):
    """SVG of [(label, ratios)]; rows without ratios are left out."""
    rows = [(label, ratios) for label, ratios in rows if ratios]
    end = max([2.0, *(max(ratios) for _, ratios in rows)])

    def x_of(ratio):
        return LEFT + ratio / end * (RIGHT - LEFT)

    bottom = TOP + len(rows) * STEP
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 12}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{bottom + 12}" fill="#fff"/>',
             text(24, 28, title, 'font-size="16" font-weight="bold"'),
             text(x_of(1), TOP - 12, "1 = as fast", 'text-anchor="middle" fill="#777"')]
    for i, (label, ratios) in enumerate(rows):
        parts.extend(bar(TOP + i * STEP, label, ratios, x_of))
    parts.append(line(x_of(1), TOP - 6, x_of(1), bottom, "#888"))
    return "\n".join([*parts, "</svg>", ""])
