"""From where somebody asks, for whatever counts by it."""

import ipaddress

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """The visitor's address, as the proxy in front tells it (BEHIND_PROXY); of IPv6 the network, which is one line's.

    Raises PermissionDenied when there is none.
    """
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if address.version == 6:
        address = ipaddress.ip_network((address, 64), strict=False).network_address
    return str(address)
