"""`python3 -m certbind_harness` prints the folder of the kit, for tests in other languages: `CERTBIND_KIT`."""

import sys

from .harness import packaged_kit

kit = packaged_kit()
if kit is None:
    sys.exit("this package has no kit inside, as it was not installed from a wheel; build one and name its folder in CERTBIND_KIT")
print(kit)
