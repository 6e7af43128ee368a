# SPDX-License-Identifier: Apache-2.0
"""How the networks are run: by ONNX Runtime, on the CPU, loaded once and shared by threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

# ONNX Runtime 1.32 counts its uses on Linux, too: as it is imported it writes a device id and a
# database of events below the home folder, to be sent to its maker. Nothing leaves this program.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from alprcore.errors import ResourceError

if hasattr(onnxruntime, "disable_telemetry_events"):  # where it was imported before us
    onnxruntime.disable_telemetry_events()


class LazyNetwork:
    """An ONNX network: loaded on first use, safe to share between threads, picklable.

    Parameters
    ----------
    content : callable
        Returns the bytes of the ONNX file. Must itself be picklable.
    threads : int
        Threads of one run inside ONNX Runtime.
    one_size : bool
        Whether all that goes in has one size. A memory plan for each size of frame cost 1.6 of 16
        ms at 960x544.
    """

    __slots__ = ("_content", "_lock", "_one_size", "_session", "_threads")

    def __init__(self, content: Callable[[], bytes], *, threads: int, one_size: bool) -> None:
        self._content, self._threads, self._one_size = content, threads, one_size
        self._lock = threading.Lock()
        self._session: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the network; it is loaded again where it is used."""
        made = partial(LazyNetwork, threads=self._threads, one_size=self._one_size)
        return made, (self._content,)

    @property
    def loaded(self) -> bool:
        """Whether the network is in memory."""
        return self._session is not None

    @property
    def session(self) -> Any:
        """The ONNX Runtime session.

        Raises
        ------
        ResourceError
            If the file is missing or is not a network.
        """
        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._session = onnx_session(
                        self._content(), self._threads, one_size=self._one_size
                    )
        return self._session

    def run(self, **inputs: Any) -> list[Any]:
        """Return the outputs for the inputs, arrays by name.

        Raises
        ------
        ResourceError
            As for `session`.
        """
        outputs: list[Any] = self.session.run(None, inputs)
        return outputs


def onnx_session(model: bytes, threads: int, *, one_size: bool) -> Any:
    """Return a session that leaves the process's other threads alone.

    Parameters
    ----------
    model : bytes
        An ONNX file.
    threads, one_size
        As for `LazyNetwork`.

    Raises
    ------
    ResourceError
        If the file is not a network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = one_size
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises classes of its own
        raise ResourceError(f"network: the file is not one ({error})") from error
