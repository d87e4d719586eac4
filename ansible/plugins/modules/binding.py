#!/usr/bin/python
# Licensed under MIT or Apache-2.0, as certbind.
"""The module certbind.certbind.binding: runs `certbind set` or `certbind delete`, and maps its JSON."""

DOCUMENTATION = r"""
module: binding
short_description: Manage a TLS certificate binding of HTTP.sys in a binding store of certbind
description:
  - Runs C(certbind set) or C(certbind delete) on the target, and reports the binding before and after.
  - The target needs Python and the program C(certbind). A Windows host has no Python for Ansible; there, run the program
    by M(ansible.windows.win_command).
  - An option that is left out keeps its value, or gets the default of HTTP.sys in a new binding.
version_added: 0.1.0
author:
  - The certbind developers (@certbind)
attributes:
  check_mode:
    description: Runs the program with C(--dry-run), which writes nothing.
    support: full
  diff_mode:
    description: Returns the binding before and after, where it changes.
    support: full
options:
  key:
    description: >-
      The key of the binding, C(ipport=ADDRESS:PORT), C(hostnameport=HOST:PORT), C(ccs=PORT) or C(scopedccs=HOST:PORT).
    type: str
    required: true
  state:
    description: Whether the key is bound.
    type: str
    choices: [present, absent]
    default: present
  store:
    description: The URL of the binding store, such as C(etcd://ENDPOINT/HOST), C(redb:PATH) or C(httpsys:LIBRARY).
    type: str
    required: true
  hash:
    description: The SHA-1 hash (thumbprint) of the certificate. Quote it, as YAML takes some hashes for numbers.
    type: str
  certificate:
    description: >-
      The path of a PEM, DER or PFX file on the target. Its certificate is checked and bound; of a chain, the end.
      Key and certificate are not imported into a certificate store.
    type: path
  passwords:
    description: Passwords, one of which opens the PFX file. They are passed by standard input and are not logged.
    type: list
    elements: str
  certificates:
    description: >-
      The path of a folder on the target with the certificates that are bound now, whose names the new one must cover
      as well, and those that are named by a hash.
    type: path
  force:
    description: Bind the certificate although the checks refuse it.
    type: bool
    default: false
  app_id:
    description: >-
      The application that owns the binding, a GUID or the name of a known application such as C(IIS). Required if the
      key is not bound.
    type: str
  store_name:
    description: The certificate store of the certificate, such as C(MY) or C(WebHosting); an empty text for none.
    type: str
  revocationfreshnesstime:
    description: The maximum age of a cached revocation list in seconds; 0 keeps it until it expires.
    type: int
  urlretrievaltimeout:
    description: The timeout for retrieving a revocation list in milliseconds; 0 is the default of Windows.
    type: int
  sslctlidentifier:
    description: The certificate trust list for client certificates; an empty text for none.
    type: str
  sslctlstorename:
    description: The certificate store of that list; an empty text for none.
    type: str
  verifyclientcertrevocation:
    description: Check client certificates for revocation.
    type: bool
  verifyrevocationwithcachedclientcertonly:
    description: Check revocation with cached data only.
    type: bool
  usagecheck:
    description: Check the usage of client certificates.
    type: bool
  dsmapperusage:
    description: Map client certificates to accounts.
    type: bool
  clientcertnegotiation:
    description: Ask for a client certificate.
    type: bool
  reject:
    description: Reject connections.
    type: bool
  disablehttp2:
    description: No HTTP/2.
    type: bool
  disablequic:
    description: No QUIC.
    type: bool
  disablelegacytls:
    description: No TLS older than 1.2.
    type: bool
  disabletls12:
    description: No TLS 1.2.
    type: bool
  disabletls13:
    description: No TLS 1.3.
    type: bool
  disableocspstapling:
    description: No OCSP stapling.
    type: bool
  enabletokenbinding:
    description: Token binding.
    type: bool
  logextendedevents:
    description: Log extended events.
    type: bool
  enablesessionticket:
    description: TLS session tickets.
    type: bool
  disablesessionid:
    description: No TLS session ids.
    type: bool
  message:
    description: The reason of the change, for the history of the store.
    type: str
  history:
    description: >-
      The history that a redb file keeps, C(off) or limits such as C(commits=10000,days=400,megabytes=16).
    type: str
  create:
    description: Create the folder of a new store as well.
    type: bool
    default: false
  certbind:
    description: The program, as a path or as a name in the PATH of the target.
    type: str
    default: certbind
"""

EXAMPLES = r"""
- name: Bind a certificate
  certbind.certbind.binding:
    store: etcd://etcd1/web01
    key: hostnameport=www.contoso.com:443
    certificate: /srv/certificates/www.contoso.com.pem
    app_id: IIS
    store_name: MY
    disablelegacytls: true

- name: Delete a binding
  certbind.certbind.binding:
    store: etcd://etcd1/web01
    key: ipport=0.0.0.0:8443
    state: absent
"""

RETURN = r"""
key:
  description: The key as certbind writes it.
  returned: success
  type: str
before:
  description: The binding before the change; null if the key was not bound.
  returned: success
  type: dict
after:
  description: The binding after the change; null if the key is not bound. In check mode, as it would be.
  returned: success
  type: dict
rc:
  description: The exit code of certbind, as C(certbind help exit-codes) lists them.
  returned: after an error of certbind
  type: int
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule

FLAGS = [
    "verifyclientcertrevocation",
    "verifyrevocationwithcachedclientcertonly",
    "usagecheck",
    "dsmapperusage",
    "clientcertnegotiation",
    "reject",
    "disablehttp2",
    "disablequic",
    "disablelegacytls",
    "disabletls12",
    "disabletls13",
    "disableocspstapling",
    "enabletokenbinding",
    "logextendedevents",
    "enablesessionticket",
    "disablesessionid",
]
"""The options of `certbind set` that are enabled or disabled."""


def text(value):
    """A text, as it is. YAML makes numbers of `0123` and `1:20`, and they cannot be read back."""
    if not isinstance(value, str):
        raise TypeError("a text is expected; quote it")
    return value


VALUES = {
    "hash": ("--hash", text),
    "certificate": ("--cert", "path"),
    "certificates": ("--certificates", "path"),
    "app_id": ("--app-id", text),
    "store_name": ("--store-name", text),
    "revocationfreshnesstime": ("--revocationfreshnesstime", "int"),
    "urlretrievaltimeout": ("--urlretrievaltimeout", "int"),
    "sslctlidentifier": ("--sslctlidentifier", text),
    "sslctlstorename": ("--sslctlstorename", text),
}
"""The options of `certbind set` that have a value, by the parameter; and the type of that."""


def set_arguments(parameters):
    """The arguments of `certbind set`."""
    arguments = ["set"]
    for parameter, (option, _) in VALUES.items():
        if parameters[parameter] is not None:
            arguments.append(f"{option}={parameters[parameter]}")
    for flag in FLAGS:
        if parameters[flag] is not None:
            arguments.append(f"--{flag}={'enable' if parameters[flag] else 'disable'}")
    if parameters["force"]:
        arguments.append("--force")
    if parameters["passwords"]:
        arguments.append("--passwords=/dev/stdin")
    return arguments


def store_arguments(parameters):
    """The arguments about the store, of either command."""
    arguments = [f"--store={parameters['store']}"]
    for option in ("message", "history"):
        if parameters[option] is not None:
            arguments.append(f"--{option}={parameters[option]}")
    if parameters["create"]:
        arguments.append("--create")
    return arguments


def passwords(module):
    """The passwords as a file of certbind has them: one per line."""
    lines = module.params["passwords"]
    if not lines or module.params["state"] == "absent":
        return None
    if any("\n" in line or "\r" in line for line in lines):
        module.fail_json(msg="passwords: a password with a line break cannot be passed to certbind")
    return "".join(f"{line}\n" for line in lines)


def program(module):
    """The path of certbind."""
    name = module.params["certbind"]
    path = module.get_bin_path(os.path.expanduser(name))
    if path is None:
        module.fail_json(
            msg=f"certbind: the program {name} was not found on the target; install it, or set the "
            "parameter certbind to its path"
        )
    return path


def messages(stderr):
    """The last error, the warnings, and the lines that are no message of certbind."""
    error, warnings, others = None, [], []
    for line in stderr.splitlines():
        try:
            message = json.loads(line)
            kind, content = next(iter(message.items()))
            content = content["message"]
        except (ValueError, AttributeError, StopIteration, TypeError, KeyError):
            others.append(line)
            continue
        if kind == "error":
            error = content
        elif kind == "warning":
            warnings.append(content)
    return error, warnings, others


def change(stdout):
    """The JSON of a change, or None if it is something else."""
    try:
        report = json.loads(stdout)
    except ValueError:
        return None
    is_change = (
        isinstance(report, dict)
        and {"key", "changed", "before", "after"} <= report.keys()
        and isinstance(report["changed"], bool)
    )
    return report if is_change else None


def run(module):
    """Runs certbind, and returns the result of the module."""
    parameters = module.params
    if parameters["state"] == "present":
        arguments = set_arguments(parameters)
    else:
        arguments = ["delete", "--ignore-not-found"]
    arguments += ["--format=json", *store_arguments(parameters)]
    if module.check_mode:
        arguments.append("--dry-run")
    command = [program(module), *arguments, "--", parameters["key"]]
    code, stdout, stderr = module.run_command(command, data=passwords(module), binary_data=True)
    error, warnings, others = messages(stderr)
    for warning in warnings:
        module.warn(f"certbind: {warning}")
    if code != 0:
        reason = error or "\n".join(others) or "it printed no message"
        module.fail_json(msg=f"certbind: {reason}", rc=code)
    report = change(stdout)
    if report is None:
        module.fail_json(msg=f"certbind: expected the JSON of a change, found: {stdout!r}", rc=code)
    for line in others:
        module.warn(f"certbind: {line}")
    result = {name: report[name] for name in ("key", "changed", "before", "after")}
    if report["changed"]:
        # Ansible prints an empty text for a side without a binding, and warns of lists.
        result["diff"] = {
            "before": report["before"] or "",
            "before_header": report["key"],
            "after": report["after"] or "",
            "after_header": report["key"],
        }
    return result


def main():
    """The entry of the module."""
    specification = {
        "key": {"type": text, "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "store": {"type": text, "required": True},
        "passwords": {"type": "list", "elements": text, "no_log": True},
        "force": {"type": "bool", "default": False},
        "message": {"type": text},
        "history": {"type": text},
        "create": {"type": "bool", "default": False},
        "certbind": {"type": "str", "default": "certbind"},
    }
    specification.update({name: {"type": kind} for name, (_, kind) in VALUES.items()})
    specification.update({name: {"type": "bool"} for name in FLAGS})
    module = AnsibleModule(
        argument_spec=specification,
        mutually_exclusive=[("hash", "certificate")],
        required_by={"passwords": "certificate"},
        supports_check_mode=True,
    )
    module.exit_json(**run(module))


if __name__ == "__main__":
    main()
