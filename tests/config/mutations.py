"""Machine-made damage to a stack file, seeded: what was done, the text, and what the message must name."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import geography

LEAF = re.compile(r"^(?P<indent>\s+)(?P<key>[\w:]+):[ ](?P<value>\S.*)$")
KEY = re.compile(r"^(?P<indent>\s+)(?P<key>[\w:]+):(?P<rest>.*)$")
NUMBER = re.compile(r"^\s+[\w:]+: \d+$")


@dataclass(frozen=True)
class Mutation:
    """`name` must stand in the message when the file is refused; `refused` says whether it must be."""

    kind: str
    text: str | bytes
    name: str
    refused: bool


Maker = Callable[[random.Random, list[str]], Mutation]


def mutations(text: str, count: int, seed: int) -> Iterator[Mutation]:
    """`count` mutations of a stack file, of every kind in turn; the same for the same seed."""
    dice = random.Random(seed)
    for number in range(count):
        yield MAKERS[number % len(MAKERS)](dice, text.splitlines())


def _typo_in_a_key(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, KEY)
    namespace, _, name = match["key"].rpartition(":")
    place = dice.randrange(len(name))
    letter = dice.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != name[place]])
    typo = dice.choice([name[:place] + name[place + 1 :], name[:place] + letter + name[place:], name[:place] + letter])
    typo = typo if typo and typo != name else name + "x"
    full = f"{namespace}:{typo}" if namespace else typo
    return Mutation("typo", _replaced(lines, at, f"{match['indent']}{full}:{match['rest']}"), typo, refused=True)


def _typo_in_a_namespace(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, re.compile(r"^(?P<indent>\s+)homeshore:(?P<rest>.*)$"))
    wrong = dice.choice(["homeshroe", "homshore", "Homeshore", "home-shore", "aws", "azure", "gcp"])
    return Mutation("namespace", _replaced(lines, at, f"{match['indent']}{wrong}:{match['rest']}"), wrong, refused=True)


def _wrong_type(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, LEAF)
    value = dice.choice(["[1, 2]", "{a: 1}", "[]", "{}", "{secure: v1:abc}", "[[[]]]"])
    if match["key"] == "allowed_cidrs":
        value = "{a: 1}"
    name = match["key"].rpartition(":")[2]
    return Mutation("type", _replaced(lines, at, f"{match['indent']}{match['key']}: {value}"), name, refused=True)


def _wrong_scalar(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, LEAF)
    value = dice.choice(["~", "1.5", ".nan", "''", "'?!'", "1e400", "'\\0'", "@x"])
    name = match["key"].rpartition(":")[2]
    # An unquoted @ is no YAML: the line is named then, not the key. A budget may well be 1.5.
    refused = not (name == "monthly_usd" and value == "1.5")
    text = _replaced(lines, at, f"{match['indent']}{match['key']}: {value}")
    return Mutation("scalar", text, f":{at + 1}" if value == "@x" else name, refused=refused)


def _negative_number(dice: random.Random, lines: list[str]) -> Mutation:
    at, _ = _pick(dice, lines, NUMBER)
    line = lines[at]
    name = line.strip().partition(":")[0] if "homeshore:" not in line else line.strip().split(":")[1]
    number = dice.choice(["-1", "-30000", "0", "-9" * 20])
    return Mutation("negative", _replaced(lines, at, re.sub(r"\d+$", number, line)), name, refused=True)


def _foreign_region(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, re.compile(r"^(?P<indent>\s+)region: "))
    cloud, boundary, _ = _place(lines)
    outside = [r for r in geography.regions() if not boundary.holds(r) or r.cloud != cloud]
    name = dice.choice(outside).name
    return Mutation("region", _replaced(lines, at, f"{match['indent']}region: {name}"), name, refused=True)


def _foreign_standby(dice: random.Random, lines: list[str]) -> Mutation:
    cloud, boundary, home = _place(lines)
    outside = [r.name for r in geography.regions() if not boundary.holds(r) or r.cloud != cloud]
    name = dice.choice([home, *outside])
    text = "\n".join([*lines, f"  homeshore:standby: {{region: {name}}}"])
    return Mutation("standby", text, name, refused=True)


def _wrong_cloud(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, re.compile(r"^(?P<indent>\s+)cloud: "))
    names = {*geography.CLOUDS, "awss", "AZURE", "google", "ibm", "'aws '", "[gcp]"} - {_place(lines)[0]}
    line = f"{match['indent']}cloud: {dice.choice(sorted(names))}"
    return Mutation("cloud", _replaced(lines, at, line), "placement", refused=True)


def _key_of_another_cloud(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, re.compile(r"^(?P<indent>\s+)region: "))
    own = "\n".join(lines)
    keys = ("account_id", "subscription_id", "tenant_id", "project_id", "project_number", "billing_account")
    key = dice.choice([key for key in keys if key not in own])
    return Mutation("foreign", _replaced(lines, at, f"{lines[at]}\n{match['indent']}{key}: x"), key, refused=True)


def _unknown_boundary(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, re.compile(r"^(?P<indent>\s+)boundary: "))
    cloud, _, home = _place(lines)
    others = [b.name for b in geography.boundaries() if not b.holds(geography.region(cloud, home))]
    name = dice.choice(["EU", "europe", "e u", dice.choice(others), "xx", "eu+mars", "no", "true"])
    return Mutation("boundary", _replaced(lines, at, f"{match['indent']}boundary: {name}"), "boundary", refused=True)


def _removed_key(dice: random.Random, lines: list[str]) -> Mutation:
    required = re.compile(
        r"^(?P<indent>\s+)(?P<key>team|cost_center|contact|boundary|cloud|region|average|account_id|subscription_id|"
        r"tenant_id|project_id|project_number|billing_account)"
    )
    at, match = _pick(dice, lines, required)
    return Mutation("removed", "\n".join(lines[:at] + lines[at + 1 :]), match["key"], refused=True)


def _doubled_key(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, LEAF)
    name = match["key"].rpartition(":")[2]
    return Mutation("doubled", "\n".join([*lines[:at], lines[at], *lines[at:]]), name, refused=True)


def _broken_yaml(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, LEAF)
    line = dice.choice(
        [
            f"\t{lines[at]}",
            f"{lines[at]}: x: y",
            f'{match["indent"]}{match["key"]}: "open',
            f"{match['indent']}{match['key']}: [open",
            f"{match['indent']}{match['key']} value without colon",
            f"{match['indent']}{match['key']}: &anchor {match['value']}",
            f"{match['indent']}{match['key']}: *alias",
            f"{match['indent']}{match['key']}: !!python/name:os.system x",
            f"{match['indent']}- {match['key']}: {match['value']}",
            f" {match['key']}: {match['value']}",
        ]
    )
    return Mutation("yaml", _replaced(lines, at, line), "Pulumi.", refused=True)


def _cut_off(dice: random.Random, lines: list[str]) -> Mutation:
    text = "\n".join(lines)
    return Mutation("cut", text[: dice.randrange(text.index("event_bytes"))], "Pulumi.", refused=True)


def _unicode(dice: random.Random, lines: list[str]) -> Mutation:
    at, match = _pick(dice, lines, LEAF)
    text = dice.choice(
        [
            "\u202eabc",
            "\U0001f30a",
            "\ufeffx",
            "e\u0301",
            "\u0661\u0662",
            "\x07",
            "\ud7ff",
            "\u2028",
            "na\u00efve\u200b",
        ]
    )
    where = dice.choice([f"{match['key']}: {text}", f"{text}{match['key']}: {match['value']}"])
    # A label may well be written in another script; nearly everything else is refused.
    return Mutation("unicode", _replaced(lines, at, match["indent"] + where), "Pulumi.", refused=False)


def _not_utf8(dice: random.Random, lines: list[str]) -> Mutation:
    raw = bytearray("\n".join(lines).encode())
    raw[dice.randrange(len(raw))] = dice.choice([0xFF, 0xC0, 0x80, 0xF5])
    return Mutation("bytes", bytes(raw), "UTF-8", refused=True)


def _nothing_left(dice: random.Random, lines: list[str]) -> Mutation:
    text = dice.choice(["", "\n\n", "# nothing\n", "config:\n", "config: {}\n", "{}", "null", "---\n", "config: []\n"])
    return Mutation("empty", text, "Pulumi.", refused=True)


def _swapped_lines(dice: random.Random, lines: list[str]) -> Mutation:
    first, second = sorted(dice.sample(range(1, len(lines)), 2))
    swapped = [*lines]
    swapped[first], swapped[second] = swapped[second], swapped[first]
    return Mutation("swapped", "\n".join(swapped), "Pulumi.", refused=False)


MAKERS: tuple[Maker, ...] = (
    _typo_in_a_key,
    _typo_in_a_namespace,
    _wrong_type,
    _wrong_scalar,
    _negative_number,
    _foreign_region,
    _foreign_standby,
    _wrong_cloud,
    _key_of_another_cloud,
    _unknown_boundary,
    _removed_key,
    _doubled_key,
    _broken_yaml,
    _cut_off,
    _unicode,
    _not_utf8,
    _nothing_left,
    _swapped_lines,
)


def _place(lines: list[str]) -> tuple[str, geography.Boundary, str]:
    """Cloud, boundary and region of the file as it was."""
    cloud, boundary, region = (
        next(line.split(": ")[1] for line in lines if line.startswith(f"    {key}: "))
        for key in ("cloud", "boundary", "region")
    )
    return cloud, geography.boundary(boundary), region


def _pick(dice: random.Random, lines: list[str], pattern: re.Pattern[str]) -> tuple[int, re.Match[str]]:
    found = [(at, match) for at, line in enumerate(lines) if (match := pattern.match(line))]
    return dice.choice(found)


def _replaced(lines: list[str], at: int, line: str) -> str:
    return "\n".join([*lines[:at], line, *lines[at + 1 :]]) + "\n"
