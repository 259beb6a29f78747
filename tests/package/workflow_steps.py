"""What the field's own tools have to say about workflows, Dependabot's file and issue forms."""

from tests.package.build import ROOT
from tests.package.steps import Step


def _schema(name: str, what: str, pattern: str) -> Step:
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / ".github").glob(pattern))
    return Step(what, "check-jsonschema", ("--builtin-schema", f"vendor.{name}", *files))


_STEPS = (
    _schema("github-workflows", "workflows", "workflows/*.yml"),
    _schema("dependabot", "Dependabot's file", "dependabot.yml"),
    _schema("github-issue-forms", "issue forms", "ISSUE_TEMPLATE/[!c]*.yml"),
    _schema("github-issue-config", "the choice of issue forms", "ISSUE_TEMPLATE/config.yml"),
    Step("what workflows may do", "zizmor", ("--offline", "--quiet", ".github"), "zizmor, by pip"),
)
STEPS = _STEPS if (ROOT / ".github").is_dir() else ()  #: a source archive leaves these files out
