"""No secret survives, however deep and under whatever look it stands."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.logbook import redact, redact_text
from ecomon.logbook.redact import MAX_TEXT

SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\"'&;,@"),
    min_size=8, max_size=40,
).map(lambda text: "zq" + text)  # fmt: skip
PASSWORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=8, max_size=40
).map(lambda text: "zq" + text)
URL_SAFE = st.text("abcdefghijkLMNOPQ0123456789-_~.%", min_size=8, max_size=60).map("zq".__add__)

TEXTS = st.sampled_from(
    [
        "token={}", "password={} host=db", "?access_token={}&timestamp=1", "'secret': '{}'",
        '"api_key": "{}"', "Authorization: Bearer {}", "authorization: Basic {}",
        "bearer {}", "sign={}&x=1", "user_password: {}", "Cookie: session={}; path=/",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    ["token", "apiToken", "db_password", "PASSWORD", "secret", "webhook-key", "Authorization",
     "credentials", "key", "ECOMON_TOKEN"]
)  # fmt: skip


def nested(leaf: dict[str, Any], depth: int) -> dict[str, Any]:
    for n in range(depth):
        leaf = {"inside": [leaf, n]} if n % 2 else {"inside": leaf}
    return leaf


@given(SECRETS, TEXTS, st.integers(0, 8))
def test_a_secret_in_a_text_goes(secret: str, text: str, depth: int) -> None:
    said = json.dumps(redact(nested({"error": text.format(secret)}, depth)), ensure_ascii=False)
    assert secret not in said


@given(PASSWORDS, NAMES, st.integers(0, 8), st.sampled_from(["text", "list", "dict", "bytes"]))
def test_a_secret_under_a_secret_name_goes(secret: str, name: str, depth: int, form: str) -> None:
    value: Any = {
        "text": secret, "list": [secret], "dict": {"value": secret}, "bytes": secret.encode(),
    }[form]  # fmt: skip
    said = json.dumps(redact(nested({name: value}, depth)), ensure_ascii=False)
    assert secret not in said
    # Nor in the escapes that Python or JSON write it with.
    assert json.dumps(secret)[1:-1] not in said


@given(PASSWORDS, st.sampled_from(["postgresql+psycopg", "https", "smtp"]), st.booleans())
def test_the_password_of_an_address_goes(secret: str, scheme: str, has_user: bool) -> None:
    user = "ecomon" if has_user else ""
    text = f"could not connect to {scheme}://{user}:{secret}@db.example:5432/ecomon: refused"
    said = redact_text(text)
    assert secret not in said
    assert "db.example:5432/ecomon: refused" in said


@given(URL_SAFE)
def test_our_own_tokens_and_addresses_of_robots_go(secret: str) -> None:
    for text in (
        f"ecomon_{secret}", f"the token ecomon_{secret} is unknown",
        f"https://robot.example/open-apis/bot/v2/hook/{secret}",
        f"https://robot.example/cgi-bin/webhook/send?key={secret}",
        f"https://robot.example/robot/send?access_token={secret}",
    ):  # fmt: skip
        assert secret not in redact_text(text)
    assert secret not in json.dumps(redact({f"ecomon_{secret}": 1}))


@pytest.mark.parametrize(
    "text",
    [
        "water-2021-04.csv: row 17: column NH3N: not a number: '--x'",
        "http://127.0.0.1:4200/api did not answer in 120 s",
        "postgresql+psycopg://ecomon@127.0.0.1:5432/ecomon holds no store",
        "八庙沟 2021-04-01 08:00 总磷 0.12 mg/L",
        "keys missing: site; monkey: 3; sha256 4fa1",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_values_keep_their_kind() -> None:
    given_ = {"n": 3, "share": 0.5, "is": True, "none": None, "of": ["a", 1], "nan": float("nan")}
    assert redact(given_) == {**given_, "nan": None}
    assert redact(b"\x00\x01") == "2 octets"


@given(SECRETS, st.integers(0, 5 * MAX_TEXT))
def test_a_long_text_is_cut_and_no_half_secret_stays(secret: str, before: int) -> None:
    said = redact_text("水 " * (before // 2) + f"token={secret} " + "x " * 5000)
    assert len(said) <= MAX_TEXT
    assert secret[:8] not in said


@pytest.mark.parametrize("text", ["a://b:" * 20_000, "password" * 20_000, "key=" * 20_000])
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    began_s = time.process_time()
    redact_text(text)
    assert time.process_time() - began_s < 2
