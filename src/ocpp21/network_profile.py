"""What a network connection profile must be, whichever side looks at it (Part 2, A00, A05, B09). Pure computation."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from ocpp21.errors import LocalProtocolError
from ocpp21.identity import check_endpoint, check_identity
from ocpp21.messages import NetworkConnectionProfileType, OCPPTransportEnumType
from ocpp21.refusal import quote

__all__ = [
    "APN",
    "PASSWORD_LENGTHS",
    "SECURITY_PROFILES",
    "VALUES",
    "VPN",
    "Problem",
    "ProfileNumber",
    "check_change",
    "check_password_length",
    "check_profile",
    "find_problem",
    "scheme_of",
]

#: Number of a security profile.
ProfileNumber: TypeAlias = Literal[1, 2, 3]

#: Length of a password in characters: 16 up to the variable's maxLimit, which lies in 40..64 (A00.FR.205).
PASSWORD_LENGTHS: Final = range(16, 65)

#: Variables of NetworkConfiguration, by the fields of the profile, of its APN, and of its VPN.
VALUES: Final = {
    "ocpp_csms_url": "OcppCsmsUrl",
    "ocpp_interface": "OcppInterface",
    "ocpp_transport": "OcppTransport",
    "ocpp_version": "OcppVersion",
    "message_timeout": "MessageTimeout",
    "security_profile": "SecurityProfile",
    "identity": "Identity",
    "basic_auth_password": "BasicAuthPassword",
}
APN: Final = {
    "apn": "Apn",
    "apn_user_name": "ApnUserName",
    "apn_password": "ApnPassword",
    "sim_pin": "SimPin",
    "preferred_network": "PreferredNetwork",
    "use_only_preferred_network": "UseOnlyPreferredNetwork",
    "apn_authentication": "ApnAuthentication",
}
VPN: Final = {
    "type": "VpnType",
    "server": "VpnServer",
    "user": "VpnUser",
    "group": "VpnGroup",
    "password": "VpnPassword",
    "key": "VpnKey",
}

#: Numbers of the security profiles.
SECURITY_PROFILES: Final = (1, 2, 3)


class Problem(NamedTuple):
    """What is wrong with a profile.

    Attributes:
        variable: of the component NetworkConfiguration that has the value.
        text: what was expected, and what was found; never a password.
    """

    variable: str
    text: str


def find_problem(data: NetworkConnectionProfileType, /) -> Problem | None:
    """Say what is wrong with a network connection profile, or None (B09.FR.02).

    The schema has been checked before. What the Charging Station at hand supports, it knows itself.
    """
    if data.ocpp_transport is not OCPPTransportEnumType.JSON:
        return Problem("OcppTransport", f"expected JSON, found {data.ocpp_transport}")
    if data.message_timeout < 1:
        return Problem("MessageTimeout", f"expected 1 s or more, found {data.message_timeout}")
    if data.security_profile not in SECURITY_PROFILES:
        return Problem("SecurityProfile", f"expected 1, 2 or 3, found {data.security_profile}")
    try:
        found = check_endpoint(data.ocpp_csms_url)
    except LocalProtocolError as error:
        return Problem("OcppCsmsUrl", str(error))
    wanted = scheme_of(data.security_profile)
    if found != wanted:
        problem = f"expected {wanted}:// for security profile {data.security_profile}, found {quote(found)}"
        return Problem("OcppCsmsUrl", problem)
    if data.identity:
        try:
            check_identity(data.identity)
        except LocalProtocolError as error:
            return Problem("Identity", str(error))
    if data.basic_auth_password:
        try:
            check_password_length(data.basic_auth_password)
        except LocalProtocolError as error:
            return Problem("BasicAuthPassword", str(error))
    return None


def check_password_length(password: str, /) -> None:
    """See that a password has a length of the standard (A00.FR.205).

    Raises:
        LocalProtocolError: it has not; the text says how long it is, and no more.
    """
    if len(password) not in PASSWORD_LENGTHS:
        raise LocalProtocolError(f"expected 16 to 64 characters, found {len(password)}")


def check_profile(data: NetworkConnectionProfileType, /) -> None:
    """See that a network connection profile is one, as :func:`find_problem` does.

    Raises:
        LocalProtocolError: it is none.
    """
    problem = find_problem(data)
    if problem is not None:
        raise LocalProtocolError(f"{problem.variable}: {problem.text}")


def scheme_of(security_profile: int, /) -> str:
    """The scheme of the URLs of a security profile: ``ws`` with profile 1, ``wss`` with the others (A00)."""
    return "ws" if security_profile == 1 else "wss"


def check_change(current: ProfileNumber, new: ProfileNumber, /, *, allow_downgrade: bool = False) -> None:
    """See that the security profile may be changed over OCPP: up, or from 3 to 2 where that is allowed (A00.FR.005).

    Whoever has taken over a CSMS could otherwise make its stations send their passwords in clear. Profile 1 can be had
    again on the spot only.

    Args:
        current: the number of the profile that is in use.
        new: the number of the profile to come.
        allow_downgrade: the variable AllowSecurityProfileDowngrade is there, and true.

    Raises:
        LocalProtocolError: it may not be changed so; SetNetworkProfile is answered Rejected then (A05.FR.09,
            A05.FR.10).
    """
    if new >= current or (allow_downgrade and (current, new) == (3, 2)):
        return
    why = "" if allow_downgrade or new == 1 else " without AllowSecurityProfileDowngrade"
    raise LocalProtocolError(f"expected no change from security profile {current} to {new}{why}")
