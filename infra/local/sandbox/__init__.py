"""A local stand-in of the Shoptet API that keeps every rule which Shoptet states, and the ones found in the field.

What is not documented anywhere (how a result file looks, whether the gallery's listing lags, ...) is a switch in
`config.SandboxConfig`, so that the rest of the project can be shown to hold either way. Nothing here is deployed.
"""

from infra.local.sandbox.app import make_app
from infra.local.sandbox.config import SandboxConfig, default_config

__all__ = ["SandboxConfig", "default_config", "make_app"]
