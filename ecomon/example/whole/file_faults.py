"""What goes wrong with files on their way: the octets are spoilt, the readings in them are not."""

from __future__ import annotations

from dataclasses import dataclass

from ecomon.example.whole.draws import month_stream

FAULT_SHARE = 0.06
KINDS = ("truncated", "wrong_encoding", "wrong_column", "duplicate", "empty", "label_swap")
SWAPPED = {
    "cnemc-water": ("总磷(mg/L)", "总氮(mg/L)"),
    "st-river-r": ("Z", "Q"),
    "st-rsvr-r": ("INQ", "OTQ"),
    "st-pptn-r": ("DRP", "INTV"),
    "example-samples": ("总磷(mg/L)", "总氮(mg/L)"),
    "china-sites": ("O3", "O3_24h"),
}
"""Two labels that people exchange, by feed."""


@dataclass(frozen=True, slots=True)
class SpoiltFile:
    """The octets that came, what is wrong with them, and how many whole rows of data they hold."""

    octets: bytes
    kind: str
    n_rows: int


def choose_fault(name: str, seed: int) -> str:
    """The fault of a file by its name, ``""`` for most: whatever else is simulated with it."""
    rng = month_stream(seed, f"file {name}", 0)
    return str(rng.choice(KINDS)) if rng.random() < FAULT_SHARE else ""


def spoil_file(octets: bytes, kind: str, feed: str, n_rows: int) -> SpoiltFile | None:
    """Spoil a file.

    Parameters
    ----------
    octets : bytes
        UTF-8 with one header line, at most one line above it
    kind : str
        ``truncated``: cut in the middle of a line; ``wrong_encoding``: UTF-16 that nobody
        announces; ``wrong_column``: a heading nobody knows; ``duplicate``: the same again under
        another name; ``empty``: no octet; ``label_swap``: two labels exchanged (the column of
        another determinand, in wide air files the type of another line)

    Returns
    -------
    SpoiltFile or None
        None where the feed has no such labels to exchange
    """
    match kind:
        case "truncated":
            cut = octets[: int(len(octets) * 0.6)]
            while cut and (cut[-1] & 0xC0 == 0x80 or cut[-1] >= 0xC0):
                cut = cut[:-1]  # between two characters, so that the cut alone is wrong
            headers = octets.count(b"\n") - n_rows
            return SpoiltFile(cut, kind, max(cut.count(b"\n") - headers, 0))
        case "wrong_encoding":
            return SpoiltFile(octets.decode("utf-8-sig").encode("utf-16"), kind, n_rows)
        case "wrong_column":
            head, newline, rest = octets.decode("utf-8").partition("\n")
            renamed = head.rsplit(",", 3)
            renamed[1] = "X9"
            return SpoiltFile((",".join(renamed) + newline + rest).encode("utf-8"), kind, n_rows)
        case "duplicate":
            return SpoiltFile(octets, kind, n_rows)
        case "empty":
            return SpoiltFile(b"", kind, 0)
        case _:
            return _swap_labels(octets, feed, n_rows)


def _swap_labels(octets: bytes, feed: str, n_rows: int) -> SpoiltFile | None:
    if feed not in SWAPPED:
        return None
    one, other = SWAPPED[feed]
    text = octets.decode("utf-8")
    if feed == "china-sites":
        swapped = text.replace(f",{one},", ",\0,").replace(f",{other},", f",{one},").replace(",\0,", f",{other},")  # fmt: skip
    else:
        head, newline, rest = text.partition("\n")
        cells = [
            other if cell.strip() == one else one if cell.strip() == other else cell
            for cell in head.split(",")
        ]
        swapped = ",".join(cells) + newline + rest
    return SpoiltFile(swapped.encode("utf-8"), "label_swap", n_rows)
