"""What changed on screen is painted, whoever asked for a place meanwhile.

After a scroll Textual 8.2.8 keeps only what can be seen in its map; who then asks where a widget is, as a change of the
focus does, has the whole map made anew. A widget that was hidden just before, a question that was answered, is gone
from that map, so the layout that follows finds nothing changed and leaves it on the terminal. Textual paints the whole
screen when the focus moves, which hides this; here it does not. (Found here; no upstream issue known.)
"""

from textual._compositor import Compositor, CompositorMap, ReflowResult
from textual.geometry import Region, Size
from textual.widget import Widget


class PaintingCompositor(Compositor):
    """Compares each layout with the last one, and with what was painted, not with a map that was made in between."""

    def __init__(self) -> None:
        super().__init__()
        self._laid_out: CompositorMap = {}
        self._painted: CompositorMap = {}

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lays out all widgets; see `Compositor.reflow`."""
        self._full_map = self._laid_out
        result = super().reflow(parent, size)
        self._full_map_invalidated = False
        if size.region not in self._dirty_regions:
            self._dirty_regions.update(region for _, region in _seen(self._full_map) ^ _seen(self._painted))
        self._laid_out = self._painted = self._full_map
        return result

    def reflow_visible(self, parent: Widget, size: Size) -> set[Widget]:
        """Lays out what can be seen after a scroll; see `Compositor.reflow_visible`."""
        exposed = super().reflow_visible(parent, size)
        self._painted = self._visible_map or {}
        return exposed

    def clear(self) -> None:
        """Forgets all widgets; see `Compositor.clear`."""
        super().clear()
        self._laid_out, self._painted = {}, {}


def _seen(places: CompositorMap) -> set[tuple[Widget, Region]]:
    """Each widget of which something can be seen, and where that is."""
    regions = ((widget, place.clip.intersection(place.region)) for widget, place in places.items())
    return {(widget, region) for widget, region in regions if region}
