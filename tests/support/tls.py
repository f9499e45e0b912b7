"""The server's side of TLS."""

import ssl

import trustme


def server_context(
    certificate: trustme.LeafCert, asked_for: list[str | None] | None = None
) -> ssl.SSLContext:
    """Return a server's context. The requested names (SNI) are added to `asked_for`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def remember(_: object, name: str | None, __: object) -> None:
        if asked_for is not None:
            asked_for.append(name)

    context.sni_callback = remember
    return context
