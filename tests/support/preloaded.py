"""What a `ReadyProcess` has done before it begins: all imports, and the menu understood."""

import main
from runtime.settings import Settings
from sms.content import make_ready
from ussd.paging import Budget

make_ready(main.read_menu(Budget(), Settings.model_validate({}).menus_dir))
