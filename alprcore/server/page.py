# SPDX-License-Identifier: Apache-2.0
"""The page at ``/``: one file, sent under a policy that lets it load nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def page() -> tuple[str, dict[str, str]]:
    """Return the page and its headers.

    Returns
    -------
    text : str
        HTML with its styles and its script inside.
    headers : dict
        Among them a Content-Security-Policy that admits just these styles and this script by their
        hashes, pictures only from the browser's own memory, and requests only to this server.
    """
    text = resources.files("alprcore.server").joinpath("page.html").read_text("utf-8")
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(text):
        digest = hashlib.sha256(content.encode()).digest()
        hashes[kind].append(f"'sha256-{base64.b64encode(digest).decode()}'")
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(hashes["script"]),
        "style-src": " ".join(hashes["style"]),
        "img-src": "blob: data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return text, {
        "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        # The policy names the script by its hash: an old page must not meet a new policy.
        "Cache-Control": "no-cache",
    }
