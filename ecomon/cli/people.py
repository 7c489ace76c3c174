"""Commands of people: what waits for their judgement."""

from __future__ import annotations

from ecomon.cli.terms import AsJson, Home, plain, say, say_json


def reviews(home: Home = None, as_json: AsJson = False) -> None:
    """待审核的监测值 values that wait for a person's judgement."""
    from ecomon.settings import read_settings
    from ecomon.store import Store

    with Store.open(read_settings(home).store_url) as store:
        cases = store.read_reviews("open").to_dict(orient="records")
    for case in cases:
        if as_json:
            say_json({str(name): value for name, value in case.items()})
        else:
            say("\t".join(plain(value) for value in case.values()))
    if not as_json:
        say(f"待审核 open reviews: {len(cases)}")
