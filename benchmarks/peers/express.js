// The service that many begin with: express, a menu builder, and no store.  Every answer leads to
// the same screen, so the builder has the least to do.  `hop.py` starts it with a port and a path.

const express = require("express");
const UssdMenu = require("ussd-menu-builder");

const SCREEN = "0123456789abcde\n".repeat(10);
const [port, path] = process.argv.slice(2);

const menu = new UssdMenu();
const screen = { run: () => menu.con(SCREEN), next: { "*.": "screen" }, defaultNext: "screen" };
menu.startState(screen);
menu.state("screen", screen);

const app = express();
app.use(express.urlencoded({ extended: false }));
app.post(path, (request, response) => {
  menu.run(request.body, (shown) => response.type("text/plain").send(shown));
});
app.listen(Number(port), "127.0.0.1");
