"""Objects in a few lines, as text and in a notebook."""

from bt_fusion.described import Described


class Pair(Described):
    def description(self):
        return "A <pair>", {"a": "1 < 2", "longer": "3"}


def test_names_are_aligned():
    assert repr(Pair()) == "A <pair>\n  a       1 < 2\n  longer  3"


def test_a_notebook_gets_escaped_html_and_the_text():
    shown = Pair()._repr_mimebundle_()
    assert shown["text/plain"] == repr(Pair())
    assert "A &lt;pair&gt;" in shown["text/html"] and "1 &lt; 2" in shown["text/html"]
