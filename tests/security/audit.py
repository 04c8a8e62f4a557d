"""Ask the advisory service what is known against the locked packages; say so kindly where it cannot be reached.

Run by `make audit`, with the Python that has pip-audit. Exits 1 when a package has a known weakness.
"""

import json
import subprocess
import sys
from pathlib import Path


def main(requirements: str) -> int:
    """Print what was found; returns 1 for a weakness, and 0 also where nobody could be asked."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "-r", requirements, "--disable-pip", "-f", "json"]
    done = subprocess.run([*command, "--timeout", "10"], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("audit: the advisory service cannot be reached from here; nothing was audited.")
        return 0
    unknown = [package for package in packages if "skip_reason" in package]
    weak = [package for package in packages if package.get("vulns")]
    for package in weak:
        for one in package["vulns"]:
            mended = ", ".join(one["fix_versions"]) or "no release yet"
            print(f"audit: {package['name']} {package['version']}: {one['id']}, mended in {mended}")
    print(f"audit: {len(packages) - len(unknown)} packages audited, {len(weak)} with a known weakness.")
    if unknown:
        print(f"audit: {len(unknown)} are not known to the service that can be reached from here.")
    return int(bool(weak))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
