"""Our own roles as systems under test: in virtual time, with certificates that are made for the run."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Final

from ocpp21.asyncio.binding import ByIdentity
from ocpp21.asyncio.security import CsmsSecurityProfile, SecurityProfile
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.conformance.drivers.simulator import SimulatorDriver
from ocpp21.conformance.playing.listening import Listener
from ocpp21.conformance.runner import CsmsRunner, StationRunner
from ocpp21.conformance.security import Files, Security
from ocpp21.testing import virtual_time
from ocpp21.testing.pki import Credential, Pki

__all__ = ["own_csms", "own_station"]

#: Names of the test system, and of our CSMS.
_TEST_SYSTEM: Final = "csms.example.com"
_CSMS: Final = "localhost"


def own_station(configuration: Configuration, make_listener: type[Listener] = Listener, /) -> StationRunner:
    """Put our Charging Station together, on simulated hardware.

    Args:
        configuration: of the run; certificates that it names are not used.
        make_listener: makes what listens to it.
    """
    made = _Made() if configuration.security.profile > 1 else None
    if made is not None:
        configuration = dataclasses.replace(configuration, security=made.as_csms(configuration.security))
    profile = None if made is None else made.station(configuration)
    driver = SimulatorDriver(configuration, epoch=virtual_time.EPOCH, security=profile)
    if made is not None:
        made.last_as_long_as(driver)
    return StationRunner(configuration, virtual_time.wall_time, make_listener=make_listener, driver=driver)


def own_csms(configuration: Configuration, make_listener: type[Listener] = Listener, /) -> CsmsRunner:
    """Put our CSMS together.

    Args:
        configuration: of the run; certificates that it names are not used.
        make_listener: makes what listens to it.
    """
    number, identity = configuration.security.profile, configuration.identity
    second = configuration.security.profile_of(2)
    made = _Made() if max(number, second) > 1 else None
    if made is not None:
        configuration = dataclasses.replace(configuration, security=made.as_station(configuration.security, identity))
    profile = None if made is None else made.csms(number)
    raised = None if made is None or second <= number else made.csms(second)
    driver = OwnCsms(configuration, now=virtual_time.wall_time, security=profile, raised=raised)
    if made is not None:
        made.last_as_long_as(driver)
    return CsmsRunner(configuration, virtual_time.wall_time, make_listener=make_listener, driver=driver)


class _Made:
    """Certificates of one run, in files."""

    def __init__(self) -> None:
        self._directory: Final = Path(tempfile.mkdtemp(prefix="ocpp21-conformance-"))
        self._pki: Final = Pki(self._directory)

    def last_as_long_as(self, user: object, /) -> None:
        """Leave the files until nobody has any use for them."""
        weakref.finalize(user, shutil.rmtree, self._directory, ignore_errors=True)

    def as_csms(self, security: Security, /) -> Security:
        """What the test system shows to a station."""
        pki, foreign = self._pki, self._pki.foreign()
        return dataclasses.replace(
            security,
            host=_TEST_SYSTEM,
            certificates=self._both(_TEST_SYSTEM),
            trust=self._root("root", pki),
            faulty={
                "expired": pki.server(_TEST_SYSTEM, validity="expired").files,
                "not_yet_valid": pki.server(_TEST_SYSTEM, validity="future").files,
                "foreign": foreign.server(_TEST_SYSTEM).files,
                "other_name": pki.server("csms.example.org").files,
                "wildcard": pki.server("*.example.com").files,
                "new": foreign.server(_TEST_SYSTEM).files,
            },
            new_root=self._root("new_root", foreign),
        )

    def as_station(self, security: Security, identity: str, /) -> Security:
        """What the test system shows to a CSMS."""
        pki = self._pki
        return dataclasses.replace(
            security,
            certificates=(pki.station(identity).files,),
            trust=self._root("root", pki),
            faulty={
                "expired": pki.station(identity, validity="expired").files,
                "not_yet_valid": pki.station(identity, validity="future").files,
                "foreign": pki.foreign().station(identity).files,
                "other_name": pki.station("SN-OTHER").files,
            },
        )

    def station(self, configuration: Configuration, /) -> SecurityProfile:
        """What our station shows and trusts."""
        identity, password, root = configuration.identity, configuration.password, self._root("root", self._pki)
        if configuration.security.profile == 3:
            certificate, key = self._pki.station(identity).files
            return SecurityProfile.tls_client_certificate(identity, certificate=certificate, key=key, trust=root)
        return SecurityProfile.tls_basic(identity, password, trust=root)

    def csms(self, number: int, /) -> CsmsSecurityProfile:
        """What our CSMS shows and trusts."""
        if number == 1:
            return CsmsSecurityProfile.basic()
        certificates = self._both(_CSMS)
        if number == 3:
            return CsmsSecurityProfile.tls_client_certificate(
                certificates,
                trust=self._root("root", self._pki),
                binder=ByIdentity({self._pki.organization}),
                rsa_key_exchange=True,
            )
        return CsmsSecurityProfile.tls_basic(certificates, rsa_key_exchange=True)

    def _both(self, name: str) -> tuple[Files, ...]:
        kinds: tuple[Credential, ...] = (self._pki.server(name), self._pki.server(name, key="rsa"))
        return tuple(one.files for one in kinds)

    def _root(self, name: str, pki: Pki) -> Path:
        path = self._directory / f"{name}.pem"
        path.write_bytes(pki.trust)
        return path
