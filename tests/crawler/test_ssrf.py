"""The crawler is not to be turned: whatever a feed, a redirect or a DNS server says, private places are not reached."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from onestory.errors import BadInput
from onestory.ssrf import AllowList, BlockedAddress, GuardedResolver, checked_url, is_public
from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import crawl_once, page_rows, polled
from tests.site.outlets import source_entry
from tests.site.server import RSS, Reply, Site

# Hosts that are the loopback address in another spelling, or lie in another private place.
TRICKS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0177.1",
    "00000177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "127.255.255.254",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "LocalHost.",
    "private.localhost",
    "outlet.localhost.private.localhost",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[::ffff:169.254.169.254]",
    "127\u30020\u30020\u30021",
    "\u2460\u2461\u2466.0.0.1",
    "\uff11\uff12\uff17.0.0.1",
    "user:word@127.0.0.1",
    "outlet.localhost@127.0.0.1",
    "outlet.localhost%00@127.0.0.1",
    "127.0.0.1#@outlet.localhost",
    "127.0.0.1\\@outlet.localhost",
    "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "127\t.0.0.1",
    "loc\nalhost",
    "0x7f.0x0.0x0.0x1",
    "127.0x0.1",
    "[::ffff:0:127.0.0.1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::1%25lo]",
]


def test_no_trick_in_a_feed_reaches_a_private_place(lite: Store, site: Site):
    links = "".join(
        f"<item><link>http://{trick.replace('%00', '&#37;00')}:{site.port}/</link></item>" for trick in TRICKS
    )
    url = site.put("outlet", "/feed", Reply(f'<rss version="2.0"><channel>{links}</channel></rss>', kind=RSS))
    crawl_once(lite, source_entry(url), allow_private=("outlet.localhost",))
    assert {hit.headers["host"] for hit in site.hits} == {f"outlet.localhost:{site.port}"}
    assert [(url, row["reason"]) for url, row in page_rows(lite).items() if row["state"] != "refused"] == []


def test_no_trick_in_a_redirect_reaches_a_private_place(lite: Store, site: Site):
    for number, trick in enumerate(TRICKS):
        location = f"http://{trick}:{site.port}/".encode().decode("latin-1")
        site.put("outlet", f"/{number}", misbehaving.redirect(location))
    site.put("outlet", "/chain", misbehaving.redirect("/0", 301))
    url = rss(site, "outlet", "/chain", *[f"/{number}" for number in range(len(TRICKS))])
    crawl_once(lite, source_entry(url), allow_private=("outlet.localhost",))
    assert {hit.headers["host"] for hit in site.hits} == {f"outlet.localhost:{site.port}"}
    assert len(site.paths("outlet")) == len(TRICKS) + 3


@pytest.mark.parametrize("path", ["/robots.txt", "/feed"])
def test_no_redirect_of_robots_txt_or_of_a_feed_reaches_a_private_place(lite: Store, site: Site, path: str):
    url = rss(site, "outlet", "/1")
    site.put("outlet", path, misbehaving.redirect(f"http://127.0.0.1:{site.port}/private"))
    crawl_once(lite, source_entry(url), allow_private=("outlet.localhost",))
    assert {hit.headers["host"] for hit in site.hits} == {f"outlet.localhost:{site.port}"}


def test_a_private_source_is_not_polled_unless_it_is_allowed(lite: Store, site: Site):
    url = rss(site, "outlet", "/1")
    crawl_once(lite, source_entry(url), allow_private=())
    assert site.hits == []


def test_an_allowed_network_is_reached_by_its_addresses(lite: Store, site: Site):
    site.put("127.0.0.1", "/1", Reply("<p>news</p>"))
    feed = site.put(
        "127.0.0.1",
        "/feed",
        Reply(
            f"<rss version='2.0'><channel><item><link>http://127.0.0.1:{site.port}/1</link></item></channel></rss>",
            kind=RSS,
        ),
    )
    url = feed.replace("127.0.0.1.localhost", "127.0.0.1")
    counts = crawl_once(lite, source_entry(url), allow_private=("127.0.0.0/8",))
    assert counts.stored == 1


def resolved(*answers: list[str]) -> Callable[[str], list[IPv4Address | IPv6Address]]:
    """A resolver before a name server that gives one answer after the other."""
    left = list(answers)

    async def look(name: str) -> list[IPv4Address | IPv6Address]:
        resolver = GuardedResolver(asyncio.get_running_loop(), AllowList.of([]), ask=lambda name, port: left.pop(0))
        return await resolver.addresses(name, 80)

    return lambda name: asyncio.run(look(name))


def test_an_answer_that_changes_is_judged_anew_and_the_judged_address_is_the_one_that_is_used():
    resolve = resolved(["93.184.216.34"], ["127.0.0.1"])
    assert resolve("rebinding.example") == [ip_address("93.184.216.34")]
    with pytest.raises(BlockedAddress, match=r"127\.0\.0\.1"):
        resolve("rebinding.example")


def test_one_private_answer_of_several_condemns_them_all():
    with pytest.raises(BlockedAddress):
        resolved(["93.184.216.34", "10.0.0.1"])("mixed.example")


def test_a_name_that_is_bound_anew_between_two_requests_leads_nowhere(
    lite: Store, site: Site, monkeypatch: pytest.MonkeyPatch
):
    """A name server that answers first with the outlet's address, and from then on with a private one."""
    answers = ["127.0.0.1"]

    def lie(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        address = answers.pop() if answers else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    closing = (("Connection", "close"),)
    site.put("rebinding.example", "/robots.txt", Reply("", kind="text/plain", headers=closing))
    with socket.create_server(("127.0.0.2", site.port)) as private:
        private.setblocking(False)
        monkeypatch.setattr("socket.getaddrinfo", lie)
        url = f"http://rebinding.example:{site.port}/feed"
        crawl_once(lite, source_entry(url), allow_private=("127.0.0.1/32",))
        with pytest.raises(BlockingIOError):
            private.accept()
    assert [hit.path for hit in site.hits] == ["/robots.txt"]
    assert polled(lite, url).why == "rebinding.example resolves to 127.0.0.2, which is not a public address"


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "64:ff9b::a9fe:a9fe"])
def test_names_of_metadata_services_are_refused_by_what_they_resolve_to(address: str):
    for name in ("metadata.google.internal", "metadata", "instance-data.ec2.internal"):
        with pytest.raises(BlockedAddress, match="not a public address"):
            resolved([address])(name)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_public(address: str):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("url", ["http://user@example.org/", "http://a:b@example.org/", "http://@example.org/"])
def test_a_url_with_a_user_name_is_refused(url: str):
    with pytest.raises(BlockedAddress):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "data:text/html,x", "http://[half", "javascript:1", ""]
)
def test_what_is_no_web_address_is_no_url(url: str):
    with pytest.raises(BadInput):
        checked_url(url)


def test_a_name_is_allowed_by_itself_or_by_a_suffix_and_not_by_what_looks_like_it():
    allow = AllowList.of(["intranet.example", ".corp.example"])
    assert allow.allows_name("Intranet.Example.")
    assert allow.allows_name("news.corp.example")
    assert not allow.allows_name("corp.example")
    assert not allow.allows_name("xintranet.example")
