"""Publication points: what is an address, and what is none and would only be noticed by a server or a client."""

from __future__ import annotations

import pytest

from ecard.errors import InvalidInputError
from ecard.pki.profile import PublicationPoints
from ecard.pki.publishing import points_at

NO_ADDRESSES = ["ftp://x/", "http://", "http://例.cn/", "http://a b/", "javascript:1", "http://h/x#part"]
NO_HOSTS = [
    "http://[::1:8470/x",
    "http://:80/x",
    "http:///x",
    "http://?x",
    "http://h:99999/x",
    "http://h:x/",
    "ldap://[",
]


@pytest.mark.parametrize("address", [*NO_ADDRESSES, *NO_HOSTS])
def test_publication_points_are_addresses(address: str) -> None:
    with pytest.raises(InvalidInputError):
        PublicationPoints(crl=address)


@pytest.mark.parametrize(
    "address", ["http://[::1]:8470/x", "https://h?x=1", "ldap:///cn=x?certificateRevocationList", "ldap://h:389/cn=x"]
)
def test_addresses_of_every_kind(address: str) -> None:
    assert PublicationPoints(crl=address).crl == address


def test_the_address_of_a_server_has_no_query() -> None:
    with pytest.raises(InvalidInputError, match="no query"):
        points_at("http://h/a?b", "issuing")
