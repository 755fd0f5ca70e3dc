"""Cryptographic keys (KMS, ACM, Cognito) as PKCS #8 and SubjectPublicKeyInfo: the objects themselves are OpenSSL's."""

from typing import Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization

from slipway_local.snapshot.pickling import Reduce

KINDS = {"rsa": "RSA", "ec": "EC", "ed25519": "Ed25519"}  # the modules of the key types, and how their classes begin


def reductions() -> dict[type, Reduce]:
    """Return how each type of key is made again."""
    found: dict[type, Reduce] = {}
    for module, name in KINDS.items():
        found[getattr(getattr(openssl, module), f"{name}PrivateKey")] = _private
        found[getattr(getattr(openssl, module), f"{name}PublicKey")] = _public
    return found


def _private(key: Any) -> tuple[Any, ...]:
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (read_private, (der,))


def _public(key: Any) -> tuple[Any, ...]:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return (read_public, (der,))


def read_private(der: bytes) -> Any:
    """Return a private key."""
    return serialization.load_der_private_key(der, None)


def read_public(der: bytes) -> Any:
    """Return a public key."""
    return serialization.load_der_public_key(der)
