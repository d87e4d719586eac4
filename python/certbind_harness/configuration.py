"""The configuration that the simulator of a host starts with."""

from dataclasses import dataclass, field
from typing import Dict, List

from .arguments import Value, toml

PROFILES = ["7", "8", "10-1607", "10-1703", "2019", "2022", "2025"]
"""The versions of Windows."""

RELEASES = ["2008r2", "2012r2", "2016rtm", "2016", "win11-23h2"]
"""Releases of netsh, as other names of versions. A host with such a name has the netsh of that release."""

USERS = ["administrator", "standard"]

STATES = ["usable", "without-key", "absent", "settling"]
"""What HTTP.sys finds of a certificate."""


@dataclass
class Configuration:
    """The settings of a host, without its store."""

    profile: str
    user: str = "administrator"
    stock: bool = False
    names: Dict[str, str] = field(default_factory=dict)
    """The name of the machine, and of the account that programs run as, if they are given."""
    accounts: Dict[str, str] = field(default_factory=dict)
    missing_stores: List[str] = field(default_factory=list)
    certificates: List[Dict[str, Value]] = field(default_factory=list)
    faults: List[Dict[str, Value]] = field(default_factory=list)

    def toml(self, *, has_folder: bool, has_faults: bool) -> str:
        """The text of its file: with the folder of certificates, once there is one, and with or without faults."""
        top: Dict[str, Value] = {
            "store": "redb:bindings.redb", "shared": True, "profile": self.profile, "user": self.user,
            "stock": self.stock, "missing_stores": self.missing_stores, **self.names,
        }  # fmt: skip
        if has_folder:
            top["certificates"] = "certificates"
        lines = [f"{name} = {toml(value)}" for name, value in top.items()]
        lines.append("[accounts]")
        lines += [f"{toml(name)} = {toml(sid)}" for name, sid in self.accounts.items()]
        for table, rows in [("certificate", self.certificates), ("fault", self.faults if has_faults else [])]:
            for row in rows:
                lines.append(f"[[{table}]]")
                lines += [f"{key} = {toml(value)}" for key, value in row.items()]
        return "\n".join(lines) + "\n"
