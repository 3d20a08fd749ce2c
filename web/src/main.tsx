import { render } from "preact";
import { App } from "./app/App.tsx";
import { startRouter } from "./app/router.ts";
import { startClock } from "./time.ts";

startRouter();
startClock();
const root = document.getElementById("app");
if (root) render(<App />, root);
