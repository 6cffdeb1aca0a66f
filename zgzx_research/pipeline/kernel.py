"""Kernel manager of notebooks, which stops a kernel by a request, without an interrupt first."""

from __future__ import annotations

from jupyter_client import AsyncKernelManager


class QuietKernelManager(AsyncKernelManager):
    """Kernel manager that does not interrupt a kernel whose cells are all done.

    Jupyter's own manager sends an interrupt before it asks a kernel to stop. A kernel that is still
    sending its last reply then writes "KeyboardInterrupt caught in kernel" to the terminal, and a
    run that succeeded looks like one that failed.
    """

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        """Ask the kernel to stop; end its process where it does not."""
        if now or not self.owns_kernel:
            await super().shutdown_kernel(now=now, restart=restart)
            return
        self.shutting_down = True
        self.stop_restarter()
        await self.request_shutdown(restart=restart)
        await self.finish_shutdown(restart=restart)
        await self.cleanup_resources(restart=restart)
