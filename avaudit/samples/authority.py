"""A certification authority for tests, made on the spot.

Nothing here is a secret and nothing of it may be trusted outside a test or the demo: the
keys are made when they are needed and thrown away. Certificates follow the C2PA certificate
profile (C2PA 2.2, section 14.5): root P-384, issuing CA P-384, leaf P-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
_CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"


@dataclass(frozen=True, kw_only=True)
class TestAuthority:
    """A certification authority for tests.

    Attributes
    ----------
    root_pem
        The root certificate: what a verifier installs as its own anchor.
    chain_pem
        Leaf and issuing CA, leaf first: what goes into a signature.
    key_pem
        The leaf's private key (PKCS #8, not encrypted).
    """

    __test__: ClassVar[bool] = False  # pytest: the name does not make it a test

    root_pem: str
    chain_pem: str
    key_pem: str


def make_test_authority(
    *,
    organisation: str = "avaudit test",
    signer: str = "avaudit test signer",
    valid_from: datetime | None = None,
    valid_for: timedelta = timedelta(days=3650),
) -> TestAuthority:
    """Make a root, an issuing CA and a signing leaf.

    Parameters
    ----------
    organisation
        O of all three subjects; the leaf's is what reports show as ``issuer``.
    signer
        CN of the leaf; what reports show as ``signer``.
    valid_from
        Start of the leaf's validity; default an hour ago.
    valid_for
        How long the leaf is valid. Offline signatures carry no time stamp, so they die with it.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    start = valid_from or datetime.now(UTC) - timedelta(hours=1)
    root_key = ec.generate_private_key(ec.SECP384R1())
    root_name = _name(organisation, f"{organisation} root CA")
    long_ago, long_after = start - timedelta(days=1), start + timedelta(days=7300)
    root = _ca(root_name, root_name, root_key, root_key, (long_ago, long_after), path_length=1)
    issuing_key = ec.generate_private_key(ec.SECP384R1())
    issuing_name = _name(organisation, f"{organisation} issuing CA")
    issuing = _ca(
        issuing_name, root_name, issuing_key, root_key, (long_ago, long_after), path_length=0
    )
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(
        _name(organisation, signer),
        issuing_name,
        leaf_key,
        issuing_key,
        (start, start + valid_for),
    )

    def pem(certificate: x509.Certificate) -> str:
        return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    key = leaf_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return TestAuthority(
        root_pem=pem(root), chain_pem=pem(leaf) + pem(issuing), key_pem=key.decode("ascii")
    )


def _name(organisation: str, common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "FOR TESTING ONLY"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
    validity: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    from cryptography import x509

    identify = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(identify, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _ca(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
    validity: tuple[datetime, datetime],
    *,
    path_length: int,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    return (
        _certificate(subject, issuer, key, issuer_key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(issuer_key, hashes.SHA384())
    )


def _leaf(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
    validity: tuple[datetime, datetime],
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    usages = [x509.ObjectIdentifier(oid) for oid in (_EMAIL_PROTECTION, _CLAIM_SIGNING)]
    return (
        _certificate(subject, issuer, key, issuer_key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(issuer_key, hashes.SHA384())
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
