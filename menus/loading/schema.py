"""The JSON Schemas of the data files, for editors: `make schemas`."""

import json
from pathlib import Path

from pydantic import BaseModel

from menus.countries import Names
from menus.file_models import FORMS

FOLDER = Path(__file__).parents[1] / "schema"


def schemas() -> dict[Path, str]:
    """Each schema file and what belongs into it."""
    forms: dict[str, type[BaseModel]] = {**FORMS, "countries": Names}
    return {
        FOLDER / f"{name}.schema.json": json.dumps(
            _scalars_may_be_bare(form.model_json_schema()), indent=2, ensure_ascii=False
        )
        + "\n"
        for name, form in forms.items()
    }


def _scalars_may_be_bare(schema: object) -> object:
    """Editors read an unquoted 102 as a number; we read every scalar as words."""
    if isinstance(schema, list):
        return [_scalars_may_be_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _scalars_may_be_bare(value) for key, value in schema.items()}
    if plain.get("type") == "string" and "enum" not in plain and "const" not in plain:
        plain["type"] = ["string", "number", "boolean"]
    return plain


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, schema in schemas().items():
        path.write_text(schema, encoding="utf-8")
