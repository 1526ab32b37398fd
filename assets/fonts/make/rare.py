"""Makes KaozhengRareHan.ttf from HanaMinB.ttf: python3 rare.py HanaMinB.ttf NotoSansCJK-Regular.ttc OUT.

Takes the characters beyond the basic plane that Noto does not have. Outlines become polygons on a grid of 128 to the
em, which deviate by less than 0.8 % of the em: less than a dot of a printer at the sizes of a certificate.
"""

import sys

from fontTools import subset
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

EM = 256  # units of the made font; outlines use the even ones
TOLERANCE = 1.8
NAME = "Kaozheng Rare Han"  # the name of the original is reserved


def farthest(points, first, last):
    """Distance and index of the point between two that is farthest from the line through them."""
    (ax, ay), (bx, by) = points[first], points[last]
    dx, dy = bx - ax, by - ay
    length = (dx * dx + dy * dy) ** 0.5

    def distance(at):
        x, y = points[at][0] - ax, points[at][1] - ay
        return abs(x * dy - y * dx) / length if length else (x * x + y * y) ** 0.5

    return max((distance(at), at) for at in range(first + 1, last))


def simplified(points):
    """Douglas and Peucker's algorithm."""
    keep, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        distance, at = farthest(points, first, last)
        if distance > TOLERANCE:
            keep.add(at)
            waiting += [(first, at), (at, last)]
    return [points[at] for at in sorted(keep)]


def contour(points):
    if len(points) < 3:
        return None
    x, y = points[0]
    far = max(range(len(points)), key=lambda at: (points[at][0] - x) ** 2 + (points[at][1] - y) ** 2)
    if far == 0:
        return None
    halves = simplified(points[: far + 1])[:-1] + simplified(points[far:] + points[:1])[:-1]
    made = []
    for x, y in halves:
        point = (round(x / 2) * 2, round(y / 2) * 2)
        if not made or made[-1] != point:
            made.append(point)
    if len(made) > 1 and made[0] == made[-1]:
        made.pop()
    return made if len(made) > 2 else None


def flattened(glyphs, name, scale):
    """The contours of a glyph, each curve as three lines."""
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    contours, current = [], []
    for operator, arguments in pen.value:
        points = [(x * scale, y * scale) for x, y in arguments]
        if operator == "moveTo":
            current = points
        elif operator == "lineTo":
            current += points
        elif operator == "qCurveTo":
            start = current[-1]
            for at, control in enumerate(points[:-1]):
                following = points[at + 1]
                end = following if at == len(points) - 2 else tuple((a + b) / 2 for a, b in zip(control, following))
                for t in (1 / 3, 2 / 3, 1):
                    parts = zip(start, control, end)
                    current.append(tuple((1 - t) ** 2 * a + 2 * (1 - t) * t * b + t * t * c for a, b, c in parts))
                start = end
        else:
            contours.append(current)
            current = []
    return [made for made in map(contour, contours) if made]


def main(rare, noto, out):
    original, font = TTFont(rare), TTFont(rare)
    known = set(TTFont(noto, fontNumber=2).getBestCmap())
    options = subset.Options()
    options.hinting, options.layout_features, options.glyph_names = False, [], False
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "gasp"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for code in font.getBestCmap() if code >= 0x20000 and code not in known])
    subsetter.subset(font)
    scale = EM / original["head"].unitsPerEm
    scale_upem(font, EM)
    names, glyphs = original.getBestCmap(), original.getGlyphSet()
    for code, name in font.getBestCmap().items():
        pen = TTGlyphPen(None)
        for first, *rest in flattened(glyphs, names[code], scale):
            pen.moveTo(first)
            for point in rest:
                pen.lineTo(point)
            pen.closePath()
        font["glyf"][name] = pen.glyph()
    for record in font["name"].names:
        if record.nameID in (1, 3, 4):
            record.string = NAME
        elif record.nameID == 6:
            record.string = NAME.replace(" ", "")
    font["name"].names = [one for one in font["name"].names if (one.platformID, one.langID) == (3, 0x409)]
    font["post"].formatType = 3.0
    font.save(out)


main(*sys.argv[1:])
