"""`main.py check`: every fault of the menu, and what is no fault but worth a note."""

from pathlib import Path
from typing import Annotated

import typer

from cli.consoles import out
from cli.contacts import notes_on_numbers
from cli.context import CommandContext, refuse, settings_or_exit
from menus.editing import NotWritable, not_usual, write_usual
from menus.loading import read_folder, untranslated_texts
from menus.model import is_read


def check_command(context: CommandContext) -> typer.Typer:
    """`check`, in a set of commands of its own."""
    cli = typer.Typer()

    @cli.command()
    def check(
        write: Annotated[
            bool, typer.Option("--write", help="Write the language files in the usual form")
        ] = False,
    ) -> None:
        """Name every fault of the menu, the words and the numbers, with file and line."""
        settings = settings_or_exit()
        menu = context.menu(settings)
        if write:
            write_usual_or_exit(settings.menus_dir)
            menu = context.menu(settings)
        parts = f"{len(menu.nodes)} nodes, {len(menu.facts)} facts, {len(menu.numbers)} numbers"
        out.print(f"No faults: {parts}, {len(menu.languages)} languages. Version {menu.version}.")
        for language in menu.languages.values():
            if not is_read(language.native_reader):
                out.print(f"Note: no native speaker has read menus/{language.code}.yaml yet.")
        for each in untranslated_texts(read_folder(settings.menus_dir)):
            out.print(f"Note: {each}", soft_wrap=True, markup=False)
        for each in not_usual(settings.menus_dir):
            out.print(f"Note: {each}; `main.py check --write` puts it right.", soft_wrap=True)
        for note in notes_on_numbers(menu, settings):
            out.print(note, soft_wrap=True)

    return cli


def write_usual_or_exit(folder: Path) -> None:
    try:
        for path in write_usual(folder):
            out.print(f"Written in the usual form: {folder.name}/{path.name}", soft_wrap=True)
    except (NotWritable, OSError) as error:
        refuse(str(error))
