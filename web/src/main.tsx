import { render } from "preact";
import { App } from "./components/App.tsx";
import { startRouter } from "./router.ts";
import { startClock } from "./time.ts";

startRouter();
startClock();
const root = document.getElementById("app");
if (root) render(<App />, root);
