"""Apprise sends under the same guard as everything else."""

from __future__ import annotations

import json

import pytest

from logq.notify.guard import Allowed
from logq.notify.notifier import Words
from logq.notify.retry import Outcome
from logq.notify.speaking import speak
from tests.notify.service import Service


def words(service: Service) -> Words:
    return Words(service.url.replace("http://", "json://") + "/hook", "title", "body", "failure")


def test_apprise_reaches_what_the_setting_names(service: Service) -> None:
    verdict = speak(words(service), Allowed.parse("127.0.0.1"))

    assert verdict.outcome is Outcome.DELIVERED
    assert json.loads(service.got[0].body)["message"] == "body"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
def test_apprise_connects_to_no_address_that_is_not_public(service: Service, host: str) -> None:
    told = words(service)

    verdict = speak(Words(told.url.replace("127.0.0.1", host), "t", "b", "info"), Allowed())

    assert verdict.outcome is not Outcome.DELIVERED
    assert service.got == []


def test_an_address_that_apprise_does_not_know_is_never_tried_again() -> None:
    assert speak(Words("nonsense://", "t", "b", "info"), Allowed()).outcome is Outcome.NEVER


def test_what_a_service_refuses_is_tried_again(service: Service) -> None:
    service.answer(500)

    verdict = speak(words(service), Allowed.parse("127.0.0.1"))

    assert verdict.outcome is Outcome.LATER
