"""`main.py language …`: a new language for the menu."""

import re
from pathlib import Path
from typing import Annotated

import typer

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from menus.loading import blank_language_of, read_folder
from runtime.files import exclusive_lock, replace_file

_CODE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?")
_LISTED = re.compile(r"^(  languages: \[)(.*)(\])$", re.MULTILINE)


def language_commands(_context: CommandContext) -> typer.Typer:
    """`language add`."""
    cli = typer.Typer(no_args_is_help=True, help="Begin a new language.")

    @cli.callback()
    def language() -> None:
        """Begin a new language."""

    @cli.command()
    def add(
        code: Annotated[str, typer.Argument(help="ISO 639, such as uz, or in a script: uz_Cyrl")],
        like: Annotated[str, typer.Option(help="Whose words stand beside each key")] = "ru",
    ) -> None:
        """Write a file with every key and no words yet, and list it in tree.yaml.

        A service that runs goes on with the menu that it has until no fault is left.
        """
        folder = settings_or_exit().menus_dir
        _add(folder, code, like)
        out.print(f"{folder.name}/{code}.yaml is there, and listed in {folder.name}/tree.yaml.")
        out.print("Next: fill it in; `main.py check` names each key that has no words.")

    return cli


def _add(folder: Path, code: str, like: str) -> None:
    words = read_folder(folder).languages.get(like)
    if not _CODE.fullmatch(code):
        refuse(f"{code} is no code of a language: write one such as uz, or uz_Cyrl")
    if words is None or words.form is None:
        refuse(f"{folder.name}/{like}.yaml cannot be read: name another language with --like")
    if (folder / f"{code}.yaml").exists():
        refuse(f"{folder.name}/{code}.yaml is there already: edit it")
    with exclusive_lock(folder):
        tree = (folder / "tree.yaml").read_text("utf-8")
        listed = _LISTED.sub(rf"\g<1>\g<2>, {code}\g<3>", tree, count=1)
        if listed == tree:
            refuse(f"{folder.name}/tree.yaml has no line `languages: [...]` to add {code} to")
        (folder / f"{code}.yaml").write_text(blank_language_of(words.form, code), "utf-8")
        replace_file(folder / "tree.yaml", listed)
