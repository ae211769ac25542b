"""Runs checkov over the templates and refuses what it says, what it could not read, and skips that it did not need.

usage: practice.py CHECKOV TEMPLATE…    (prints nothing but the count when all is well)
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def skips(template):
    """(template, resource, check, comment) of every skip, read without a parser of YAML: CI has none of its own."""
    resource = check = None
    for line in template.read_text().splitlines():
        if found := re.match(r"  (\w+):$", line):
            resource = found[1]
        elif found := re.match(r" +- id: (CKV\w+)$", line):
            if check:
                yield template.name, resource, check, ""
            check = found[1]
        elif check:
            comment = re.match(r" +comment: (.+)$", line)
            yield template.name, resource, check, comment[1] if comment else ""
            check = None


def main():
    checkov, *templates = sys.argv[1:]
    templates = [pathlib.Path(template) for template in templates]
    files = [part for template in templates for part in ("--file", str(template))]
    run = subprocess.run(
        [checkov, "--config-file", HERE / "checkov.yaml", "--output", "json", *files], capture_output=True, text=True, check=False
    )
    try:
        report = json.loads(run.stdout)
    except json.JSONDecodeError:
        sys.exit(f"checkov gave no report:\n{run.stdout}{run.stderr}")
    results = report["results"]
    if unread := results["parsing_errors"]:
        sys.exit(f"checkov could not read {', '.join(unread)}")
    read = {pathlib.Path(check["file_path"]).name for kind in ("passed_checks", "skipped_checks") for check in results[kind]}
    if missing := {template.name for template in templates} - read:
        sys.exit(f"checkov checked nothing in {', '.join(sorted(missing))}")
    faults = [
        f"{check['file_path']}: {check['resource']}: {check['check_id']} {check['check_name']}"
        for check in results["failed_checks"]
    ]
    used = {
        (pathlib.Path(check["file_path"]).name, check["resource"].rpartition(".")[2], check["check_id"])
        for check in results["skipped_checks"]
    }
    for template in templates:
        for name, resource, check, comment in skips(template):
            if len(comment) < 20:
                faults.append(f"{name}: {resource}: the skip of {check} does not say why")
            if (name, resource, check) not in used:
                faults.append(f"{name}: {resource}: {check} is skipped, and would not fail")
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(results['passed_checks'])} checks, {len(used)} skipped with a reason")


main()
