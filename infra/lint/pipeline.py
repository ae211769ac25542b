"""Checks what the linter of Groovy does not know of Jenkins: the words of the declarative pipeline, the order of its stages,
that every step is a script of these sources which takes such arguments, and that jenkins.yaml asks for nothing that nobody
gives it.

usage: pipeline.py    (prints nothing but the counts when all is well)
"""

import pathlib
import re
import sys

from yaml import safe_load

INFRA = pathlib.Path(__file__).resolve().parent.parent
SOURCES = INFRA.parent
JENKINS = INFRA / "jenkins"

# Pipeline Syntax, "Declarative Pipeline": sections and directives, and what is within them.
BLOCKS = {
    "": {"pipeline"},
    "pipeline": {"agent", "environment", "options", "parameters", "post", "stages", "tools", "triggers"},
    "stages": {"stage"},
    "stage": {"agent", "environment", "input", "options", "parallel", "post", "stages", "steps", "tools", "when"},
    "post": {"always", "changed", "fixed", "regression", "aborted", "failure", "success", "unstable", "unsuccessful", "cleanup"},
    "agent": set(), "options": set(), "steps": set(), "when": set(), "environment": set(), "always": set(),
}
STAGES = [
    "Build and test", "Package", "QA", "Deploy QA", "Browser tests against QA", "Approval", "Deploy Prod",
]


def blocks(text):
    """(the blocks around it, its word, what is between its braces) of every block, the outer before the inner."""
    text = re.sub(r"\$\{[^}]*\}", "", text)
    around, found = [], []
    for token in re.finditer(r"(\w+)(?:\(([^()]*)\))?\s*\{|\}", text):
        if token[0] == "}":
            _, start = around.pop()
            found[start][2] = text[found[start][2]:token.start()]
        else:
            found.append([[word for word, _ in around], token[1], token.end(), (token[2] or "").strip("'\"")])
            around.append((token[1], len(found) - 1))
    return found, around


def faults(jenkinsfile, configuration):
    text = re.sub(r"(?m)^ *//.*$", "", jenkinsfile)
    found, open_ones = blocks(text)
    if open_ones:
        yield f"Jenkinsfile: {open_ones[-1][0]} is not closed"
    for around, word, _, _ in found:
        parent = around[-1] if around else ""
        if word not in BLOCKS.get(parent, set()):
            yield f"Jenkinsfile: {parent or 'the top'} has no {word}"
    stages = [name for _, word, _, name in found if word == "stage"]
    if stages != STAGES:
        yield f"Jenkinsfile: its stages are {stages}, not {STAGES}"
    for name, inner in [(name, inner) for _, word, inner, name in found if word == "stage"]:
        if "steps" not in inner and "stages" not in inner:
            yield f"Jenkinsfile: the stage {name} does nothing"
    commands = re.findall(r"\bsh '([^']+)'", text)
    if len(commands) != len(re.findall(r"\bsh\b", text)):
        yield "Jenkinsfile: a step is no plain command"
    for command in commands:
        program = SOURCES / command.split()[0]
        if not (program.is_file() and program.stat().st_mode & 0o100):
            yield f"Jenkinsfile: {command}: there is no such script"

    # What jenkins.yaml and the scripts ask for, and what the stack gives.
    given = set(re.findall(r"^            ([A-Z_0-9]+)=", (INFRA / "templates/ci.yaml").read_text(), re.M))
    installer = (JENKINS / "install-controller").read_text()
    secrets = set(re.findall(r'>"\$etc/secrets/([\w-]+)"', installer))
    for wanted in set(re.findall(r"\$\{([\w-]+)\}", re.sub(r"(?m)^\s*#.*$", "", configuration))):
        if wanted not in given | secrets:
            yield f"jenkins.yaml: nobody gives ${{{wanted}}}"
    for wanted in set(re.findall(r"\$\{([A-Z_0-9]+):\?\}", installer)):
        if wanted not in given:
            yield f"install-controller: ci.yaml gives no {wanted}"
    for unused in given - set(re.findall(r"\$\{?([A-Z_0-9]+)", installer + configuration)):
        yield f"ci.yaml: nobody asks for {unused}"
    credentials = set(re.findall(r"^ +id: ([\w-]+)$", configuration, re.M))
    for wanted in re.findall(r"credentialsId: ([\w-]+)", configuration):
        if wanted not in credentials:
            yield f"jenkins.yaml: there are no credentials {wanted}"
    labels = set(re.findall(r"labelString: ([\w-]+)", configuration))
    for wanted in set(re.findall(r"label '([^']+)'", text)):
        if wanted not in labels:
            yield f"Jenkinsfile: no agent is called {wanted}"
    plugins = [line for line in (JENKINS / "plugins.txt").read_text().splitlines() if line and not line.startswith("#")]
    if plugins != sorted(set(plugins)):
        yield "plugins.txt: not in order, or twice the same"
    # Which plugin a word comes from.
    for word, plugin in {
        "eC2Fleet": "ec2-fleet", "sSHConnector": "ssh-slaves", "multibranchPipelineJob": "job-dsl", "timestamps()": "timestamper",
        "input message": "pipeline-input-step", "basicSSHUserPrivateKey": "workflow-aggregator", "git {": "git",
    }.items():
        if word in configuration + text and plugin not in plugins:
            yield f"plugins.txt: {word} needs {plugin}"


# In which file, what is replaced by what, and what has to be said of it: the checks above are shown to fail.
BREAKS = [
    ("Jenkinsfile", "steps {", "stepps {", "stage has no stepps"),
    ("Jenkinsfile", "stage('Approval')", "stage('Nothing')", "its stages are"),
    ("Jenkinsfile", "'script/deploy qa'", "'script/deply qa'", "there is no such script"),
    ("Jenkinsfile", "sh 'script/deploy prod'", 'sh "script/deploy prod"', "no plain command"),
    ("Jenkinsfile", "label 'builder'", "label 'bilder'", "no agent is called bilder"),
    ("jenkins.yaml", "${AGENT_GROUP}", "${AGENTS}", "nobody gives ${AGENTS}"),
    ("jenkins.yaml", "credentialsId: agent-key", "credentialsId: agents-key", "no credentials agents-key"),
]


def main():
    files = {name: (JENKINS / name).read_text() for name in ("Jenkinsfile", "jenkins.yaml")}
    safe_load(files["jenkins.yaml"])
    if wrong := list(faults(*files.values())):
        sys.exit("\n".join(wrong))
    for name, old, new, expected in BREAKS:
        broken = {**files, name: files[name].replace(old, new, 1)}
        if broken == files or not any(expected in fault for fault in faults(*broken.values())):
            sys.exit(f"nobody noticed {new} in {name}")
    print(f"pipeline: {len(STAGES)} stages, each step a script that is there; {len(BREAKS)} faults noticed")


main()
